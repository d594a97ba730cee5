// The acoustic rig of real drivers, on a sound server (JACK) with a simulated cavity as its card.
#include "tests/conformance/in_turn.hpp"
#include "tests/conformance/suite.hpp"
#include "tests/unit/sim/support.hpp"

#include "sim/physics/acoustic/linear_response.hpp"
#include "sim/rigs/acoustic/acoustic.pb.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>

using namespace phyll;
using conformance::AcousticBench;
using conformance::InTurn;
using conformance::quantity;
using phyll::bench::Fault;
using test::largest_difference;

namespace {

/// A rig that has answered stimuli.
struct Answered {
    explicit Answered(const std::string& options = {}, std::size_t samples = 4,
                      const phyll::bench::AcousticBench& kind = {})
        : lab(kind, options),
          rig(lab.rig(clock)),
          x(test::uniform_stimuli(rig->spec(), samples)),
          right(test::answer(*rig, x)) {}

    /// By how much the answers to the same stimuli differ now, in Pa.
    [[nodiscard]] double off() {
        return largest_difference(right.view(), test::answer(*rig, x).view());
    }
    void panel(const std::string& text) {
        lab.bench().misbehave("audio", {.fault = Fault::panel, .text = text});
    }

    SystemClock clock;
    AcousticBench lab;
    std::unique_ptr<rigs::InstrumentRig> rig;
    OwnedBlock x;
    OwnedBlock right;
};

/// Of some 100 Pa: what is left of what was played before, and rounding.
constexpr double same = 2e-3;

} // namespace

TEST_CASE("sound without noise is what the simulation computes at the sound card's rate") {
    const SystemClock clock;
    const bool intermodulation = GENERATE(false, true);
    // As long as it takes for nothing to be left of how a sample began.
    constexpr double settle = 0.3;
    phyll::bench::AcousticBench kind;
    kind.nature.device.settle_time = settle;
    if (intermodulation) {
        kind.nature.device.bins = physics::AcousticBins::intermodulation;
    }
    AcousticBench lab(kind);
    const auto rig = lab.rig(clock);
    sim::v1::AcousticOptions options;
    options.set_sample_rate(48'000);
    options.set_settle_time(settle);
    options.set_bins(intermodulation ? "intermodulation" : "drive");
    Workers workers(1);
    const auto simulated = test::kind_named("acoustic").make(options, {.workers = &workers});
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 20);
    const OwnedBlock expected = test::answer(*simulated, x);
    const std::uint64_t retaken = rig->retaken();
    const OwnedBlock found = test::answer(*rig, x);
    double largest = 0;
    for (const float value : expected.view().values()) {
        largest = std::max(largest, static_cast<double>(value));
    }
    // Single precision here, 24 bits there: some millionths of what there is.
    CHECK(largest_difference(found.view(), expected.view()) < 2e-5 * largest);
    CHECK(rig->retaken() == retaken);
    CHECK(lab.figure("audio", "steps") == 0);
}

TEST_CASE("the acoustic rig keeps the contract") {
    const auto make_lab = [] {
        return std::make_unique<AcousticBench>(phyll::bench::AcousticBench{},
                                               "samples_per_block = 8\n");
    };
    conformance::check_contract(
        {.make =
             [make_lab, spare = InTurn::no_lab_yet()](Workers&, const Clock& clock) {
                 return std::make_unique<InTurn>(make_lab, spare, clock);
             },
         .tolerance = same});
}

TEST_CASE("samples that follow each other are one sound, which goes through the same") {
    const SystemClock clock;
    AcousticBench lab({}, "settle_time = 0.2\n");
    const auto rig = lab.rig(clock);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 6);
    const OwnedBlock one_by_one = test::answer(*rig, x);
    QueryContext context;
    context.follow = true;
    const std::uint64_t blocks = lab.figure("audio", "blocks");
    const OwnedBlock following = test::answer(*rig, x, context);
    CHECK(lab.figure("audio", "blocks") == blocks + 1);
    // After 0.2 s next to nothing is left of the sample before.
    CHECK(largest_difference(one_by_one.view(), following.view()) < 10 * same);
    CHECK(largest_difference(one_by_one.view(), following.view()) > 0.0);
}

TEST_CASE("a calibration of the acoustic rig measures what is true of the bench") {
    const SystemClock clock;
    phyll::bench::AcousticBench kind;
    kind.nature.noise = 0.05;
    AcousticBench lab(kind);
    const auto rig = lab.rig(clock, false);
    const rigs::Calibration calibration = rig->calibrate({});
    CHECK(quantity(calibration, "noise") == Approx(0.05).epsilon(0.05));
    CHECK(quantity(calibration, "latency") > 0.001);
    CHECK(quantity(calibration, "likeness of two markers") > 0.99);
    CHECK(quantity(calibration, "unsettled share of a response") < 0.02);
    CHECK(quantity(calibration, "peak pressure at full drive") > 100);
    const auto& responses = rigs::series(calibration,
                                         "response at drives of 0.1, 0.2, 0.4, 0.7 "
                                         "and 1",
                                         5);
    CHECK(std::ranges::is_sorted(responses));
    CHECK(calibration.identities.size() == 1);
}

TEST_CASE("gains that are not given are measured, and are those of the simulation") {
    const SystemClock clock;
    const phyll::bench::AcousticBench kind;
    const std::vector<double> given = physics::tone_gains(kind.nature.device);
    AcousticBench lab(kind, "tone_gains = []\n");
    const auto rig = lab.rig(clock, false);
    const rigs::Calibration calibration = rig->calibrate({});
    const auto& measured = rigs::series(calibration, "gain of each tone", given.size());
    for (std::size_t k = 0; k < given.size(); ++k) {
        CAPTURE(k);
        CHECK(measured[k] == Approx(given[k]).epsilon(0.1));
    }
}

TEST_CASE("a latency that changes is noticed, followed and counted") {
    Answered rig;
    const std::uint64_t before = rig.rig->retaken();
    SECTION("from one block to the next") {
        const std::string delay = GENERATE("delay 100", "delay 1");
        rig.panel(delay);
    }
    SECTION("with a sound server that was killed") {
        rig.panel("delay 333");
        rig.panel("kill");
        rig.rig->recover(Deadline::never(), {});
    }
    CHECK(rig.off() < same);
    const std::uint64_t after = rig.rig->retaken();
    CHECK(after > before);
    CHECK(rig.off() < same);
    CHECK(rig.rig->retaken() == after);
}

namespace {

void check_late_periods(bool real_time) {
    phyll::bench::AcousticBench kind;
    kind.real_time = real_time;
    kind.period = 1024; // a busy machine keeps up with that
    Answered rig("samples_per_block = 2\nretakes = 30\n", 4, kind);
    const std::uint64_t before = rig.rig->retaken();
    const std::uint64_t xruns = rig.lab.figure("audio", "xruns");
    rig.panel("stall 1");
    CHECK(rig.off() < same);
    CHECK(rig.lab.figure("audio", "xruns") > xruns);
    CHECK(rig.rig->retaken() > before);
    CHECK_THAT(rig.rig->health().reason, Catch::Contains("again"));
    CHECK(rig.lab.figure("audio", "steps") == 0);
}

} // namespace

TEST_CASE("periods that come too late void what was recorded, which is taken again") {
    check_late_periods(false);
}

// Which a sanitizer has not.
TEST_CASE("periods that come too late in real time void what was recorded", "[long]") {
    check_late_periods(true);
}

TEST_CASE("microphones that are amplified otherwise than before are noticed") {
    Answered rig;
    rig.panel("gain 1.03"); // within what a marker may be louder
    CHECK(rig.off() > same);
    rig.panel("gain 1.2");
    REQUIRE_THROWS_WITH(rig.off(), Catch::Contains("is 1.20 times as loud"));
    rig.panel("gain 20");
    REQUIRE_THROWS_WITH(rig.off(), Catch::Contains("is at the end of its range"));
    REQUIRE_FALSE(rig.lab.output_on());
}

TEST_CASE("a sound card whose inputs are at their end is not calibrated") {
    const SystemClock clock;
    phyll::bench::AcousticBench kind;
    kind.nature.microphone_full_scale = 50;
    AcousticBench lab(kind);
    const auto clipping = lab.rig(clock, false);
    REQUIRE_THROWS_WITH(static_cast<void>(clipping->calibrate({})),
                        Catch::Contains("is at the end of its range; turn its gain down"));
    REQUIRE_FALSE(lab.output_on());
}

TEST_CASE("a sound that is too loud is not gone on with") {
    const SystemClock clock;
    AcousticBench lab({}, "limit_pressure = 100\n");
    const auto rig = lab.rig(clock, false);
    REQUIRE_THROWS_WITH(static_cast<void>(rig->calibrate({})),
                        Catch::Contains("limit_pressure is 100 Pa"));
    REQUIRE_FALSE(lab.output_on());
}

TEST_CASE("an amplifier that warms up is waited for") {
    // In two blocks: the first one is played again and again while the second waits.
    Answered rig("retakes = 30\nsamples_per_block = 2\n");
    rig.panel("warm-up 1");
    CHECK(rig.off() < 0.05 * 100);
    CHECK(rig.rig->retaken() > 0);
}

TEST_CASE("one speaker of four that is softer than before is noticed") {
    Answered rig;
    rig.panel("speaker 3 0.9");
    REQUIRE_THROWS_WITH(rig.off(), Catch::Contains("a speaker or a microphone is 0.9"));
    REQUIRE_FALSE(rig.lab.output_on());
    rig.panel("speaker 3 1");
    CHECK(rig.off() < same);
}

TEST_CASE("microphones whose cables are swapped are noticed") {
    Answered rig;
    rig.panel("swap");
    REQUIRE_THROWS_WITH(rig.off(), Catch::Contains("channels are swapped"));
    REQUIRE_FALSE(rig.lab.output_on());
    rig.panel("unswap");
    CHECK(rig.off() < same);
}

TEST_CASE("a rig measures with nominal settings, and finds the latency by itself") {
    const SystemClock clock;
    AcousticBench lab;
    auto rig = lab.rig(clock, false);
    rig->use(rig->nominal());
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 2);
    const OwnedBlock found = test::answer(*rig, x);
    rig.reset();
    const auto calibrated = lab.rig(clock);
    CHECK(largest_difference(found.view(), test::answer(*calibrated, x).view()) < same);
}

TEST_CASE("a sound card of another rate, or with too few channels, is not played on") {
    const SystemClock clock;
    const auto refusal = [&](const std::string& options) {
        AcousticBench lab({}, options);
        const auto rig = lab.rig(clock, false);
        rig->use(rig->nominal());
        const OwnedBlock x = test::uniform_stimuli(rig->spec(), 1);
        try {
            test::answer(*rig, x);
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    CHECK_THAT(refusal("inputs = [1, 3]\n"), Catch::Contains("has 2 inputs, and 3 is needed"));
    CHECK_THAT(refusal("outputs = [1, 5]\ntone_gains = []\n"),
               Catch::Contains("has 4 outputs, and 5 is needed"));
}

TEST_CASE("a tone is held by hand, and what was heard of it can be looked at") {
    Answered rig;
    const auto level = [&] {
        const auto shot = std::get<rigs::SoundSnapshot>(rig.rig->snapshot({}, {}));
        CHECK(shot.channels == 2);
        CHECK(shot.rate == 48'000);
        CHECK(shot.full_scale == 2000);
        return std::sqrt(std::inner_product(shot.samples.begin(), shot.samples.end(),
                                            shot.samples.begin(), 0.0) /
                         static_cast<double>(shot.samples.size()));
    };
    rig.rig->jog(rigs::Tone{.frequency = 440, .amplitude = 0.1}, Seconds(0.5), {});
    const double loud = level();
    rig.rig->jog(rigs::Tone{.frequency = 440, .amplitude = 0.01, .output = 1}, Seconds(0.5), {});
    CHECK(level() < 0.5 * loud);
    CHECK(level() > 0);
    rig.rig->jog(rigs::ChannelDrive{.channel = 3, .drive = 1}, Seconds(0.5), {});
    CHECK(level() > 0);
    CHECK_FALSE(rig.lab.output_on());
    CHECK(rig.lab.figure("audio", "steps") == 0);
    const auto refused = [&](const rigs::Pose& pose, const char* why) {
        REQUIRE_THROWS_WITH(rig.rig->jog(pose, Seconds(1), {}), Catch::Contains(why));
    };
    refused(rigs::Tone{.frequency = 440, .amplitude = 0.9}, "limit");
    refused(rigs::Tone{.frequency = 0, .amplitude = 0.1}, "frequency");
    refused(rigs::Tone{.frequency = 440, .amplitude = 0.1, .output = 4}, "channel");
    refused(rigs::ChannelDrive{.channel = 20, .drive = 1}, "valid is 0 to 19");
    refused(rigs::NamedPattern{"checker"}, "held at a tone");
}
