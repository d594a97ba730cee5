// The microwave rig of real drivers, on a virtual network analyser and a virtual metasurface behind
// real sockets and a real serial line.
#include "drivers/core/raw_samples.hpp"
#include "tests/conformance/suite.hpp"
#include "tests/conformance/with_lab.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <string>
#include <variant>
#include <vector>

using namespace phyll;
using conformance::MicrowaveBench;
using conformance::quantity;
using phyll::bench::Fault;
using test::largest_difference;

namespace {

/// What the way through floats, and frequencies that are printed, are off by.
constexpr double resolution = 1e-5;

phyll::bench::MicrowaveBench model(const std::string& vna) {
    phyll::bench::MicrowaveBench kind;
    kind.vna = vna;
    return kind;
}

conformance::Subject on_instruments(const phyll::bench::MicrowaveBench& kind, double tolerance) {
    return conformance::on_instruments<MicrowaveBench>(kind, "points = 12", tolerance);
}

/// An analyser of any model.
std::string any_vna() {
    auto vna = GENERATE(as<std::string>(), "rohde-schwarz-znb", "keysight-pna", "librevna");
    UNSCOPED_INFO(vna);
    return vna;
}

/// A rig of 12 points that has answered stimuli.
struct Answered {
    explicit Answered(const phyll::bench::MicrowaveBench& kind, std::size_t samples = 2)
        : lab(kind, "points = 12"),
          rig(lab.rig(clock)),
          x(test::uniform_stimuli(rig->spec(), samples)),
          right(test::answer(*rig, x)) {}

    /// By how much the answers to the same stimuli differ now.
    [[nodiscard]] double off(const QueryContext& context = {}) {
        return largest_difference(right.view(), test::answer(*rig, x, context).view());
    }

    SystemClock clock;
    MicrowaveBench lab;
    std::unique_ptr<rigs::InstrumentRig> rig;
    OwnedBlock x;
    OwnedBlock right;
};

} // namespace

TEST_CASE("a network analyser without noise answers as the simulation does") {
    const SystemClock clock;
    MicrowaveBench lab(model(any_vna()));
    const auto rig = lab.rig(clock);
    Workers workers(1);
    const auto simulated = test::default_rig("microwave", workers);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 12);
    REQUIRE(largest_difference(test::answer(*rig, x).view(), test::answer(*simulated, x).view()) <
            resolution);
    REQUIRE(lab.figure("vna", "resets") == 0);
    REQUIRE(rig->retaken() == 0);
}

TEST_CASE("the microwave rig on a Rohde & Schwarz analyser keeps the contract") {
    conformance::check_contract(on_instruments(model("rohde-schwarz-znb"), resolution));
}

TEST_CASE("the microwave rig on a Keysight analyser keeps the contract", "[long]") {
    conformance::check_contract(on_instruments(model("keysight-pna"), resolution));
}

TEST_CASE("the microwave rig on a LibreVNA keeps the contract", "[long]") {
    conformance::check_contract(on_instruments(model("librevna"), resolution));
}

TEST_CASE("the microwave rig on a noisy analyser keeps the contract within the noise", "[long]") {
    phyll::bench::MicrowaveBench kind;
    kind.nature.noise = 1e-4;
    conformance::check_contract(on_instruments(kind, 2e-3));
}

TEST_CASE("complex responses are the sweep itself, which is kept raw, too") {
    const SystemClock clock;
    MicrowaveBench lab({}, "points = 12\nresponse = \"complex\"");
    const auto rig = lab.rig(clock);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 3);
    RawSamples raw(std::vector<bool>{false, true, false});
    QueryContext context;
    context.raw = &raw;
    const OwnedBlock y = test::answer(*rig, x, context);
    REQUIRE(raw.kept().size() == 1);
    REQUIRE(raw.kept()[0].type == "complex64 S21 sweep, 12 points");
    REQUIRE(std::ranges::equal(raw.kept()[0].bytes, std::as_bytes(y.view().sample(1))));
}

TEST_CASE("an analyser whose power reads back higher than asked never sees RF on") {
    const SystemClock clock;
    MicrowaveBench lab(model(any_vna()), "points = 12");
    const auto rig = lab.rig(clock);
    static_cast<void>(rig->make_safe());
    const std::uint64_t before = lab.figure("vna", "rf_on");
    lab.bench().misbehave("vna", {.fault = Fault::power_high, .value = 3});
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 1);
    REQUIRE_THROWS_WITH(test::answer(*rig, x), Catch::Contains("-10"));
    REQUIRE(rig->health().state == Health::State::fault);
    REQUIRE(lab.figure("vna", "rf_on") == before);
    REQUIRE_FALSE(lab.output_on());
    lab.bench().release("vna");
    rig->recover(Deadline::never(), {});
    REQUIRE_NOTHROW(test::answer(*rig, x));
    REQUIRE(lab.figure("vna", "resets") == 0);
}

TEST_CASE("a state is recalled with its correction, and is named with its hash") {
    const SystemClock clock;
    const auto [vna, state] = GENERATE(table<std::string, std::string>(
        {{"rohde-schwarz-znb", "cavity.znxml"}, {"keysight-pna", "cavity.csa"}}));
    CAPTURE(vna);
    MicrowaveBench lab(model(vna), "instrument_state = \"" + state + "\"");
    const auto rig = lab.rig(clock);
    REQUIRE(rig->spec().evidence_of.find(", state " + state + " (SHA-256 ") != std::string::npos);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 2);
    const OwnedBlock first = test::answer(*rig, x);
    REQUIRE(largest_difference(first.view(), test::answer(*rig, x).view()) < resolution);
}

TEST_CASE("what is not corrected is refused where it should be") {
    const SystemClock clock;
    const OwnedBlock x(40, 1);
    SECTION("an analyser that nobody calibrated") {
        MicrowaveBench lab({}, "corrected = true");
        const auto rig = lab.rig(clock, false);
        rig->use(rig->nominal());
        REQUIRE_THROWS_WITH(test::answer(*rig, x), Catch::Contains("not corrected"));
        REQUIRE(lab.figure("vna", "rf_on") == 0);
    }
    SECTION("a state that does not exist") {
        MicrowaveBench lab({}, "instrument_state = \"other.znxml\"");
        const auto rig = lab.rig(clock, false);
        rig->use(rig->nominal());
        REQUIRE(test::code_of([&] { test::answer(*rig, x); }) == Code::unavailable);
        REQUIRE(lab.figure("vna", "rf_on") == 0);
    }
    SECTION("a state that was saved for other frequencies") {
        MicrowaveBench lab({}, "instrument_state = \"cavity.znxml\"\nstart_frequency = 1e9");
        const auto rig = lab.rig(clock, false);
        rig->use(rig->nominal());
        REQUIRE_THROWS_WITH(test::answer(*rig, x),
                            Catch::Contains("not corrected") && Catch::Contains("cavity.znxml"));
        REQUIRE(lab.figure("vna", "rf_on") == 0);
    }
}

TEST_CASE("a setting that somebody changed is found when it is looked for") {
    Answered cavity({});
    QueryContext look;
    look.check_settings = true;
    REQUIRE_NOTHROW(test::answer(*cavity.rig, cavity.x, look));
    const auto [command, words] = GENERATE(table<std::string, std::string>({
        {"SOUR:POW -5", "SOUR1:POW? is -10"},
        {"SENS:FREQ:STAR 4.7E9", "SENS1:FREQ:STAR? is 4.68E+09"},
        {"SENS:FREQ:STOP 5.721E9", "SENS1:FREQ:STOP? is 5.72E+09"},
        {"SENS:BAND 1000", "SENS1:BAND? is 10000"},
    }));
    CAPTURE(command);
    cavity.lab.bench().misbehave("vna", {.fault = Fault::panel, .text = command});
    try {
        test::answer(*cavity.rig, cavity.x, look);
        FAIL("nothing was found");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::aborted);
        REQUIRE_THAT(error.what(),
                     Catch::Contains("somebody changed a setting") && Catch::Contains(words));
    }
    REQUIRE_FALSE(cavity.lab.output_on());
    // The next query finds everything set as it should be.
    REQUIRE(cavity.off(look) < resolution);
    REQUIRE(cavity.lab.figure("vna", "resets") == 0);
}

TEST_CASE("a receiver that is overloaded fails the query, and the source is off") {
    Answered cavity(model(any_vna()), 4);
    cavity.lab.bench().misbehave("vna", {.fault = Fault::overload, .at = 2});
    REQUIRE_THROWS_WITH(test::answer(*cavity.rig, cavity.x),
                        Catch::Contains("verload", Catch::CaseSensitive::No));
    REQUIRE(cavity.rig->health().state == Health::State::fault);
    REQUIRE_FALSE(cavity.lab.output_on());
    cavity.rig->recover(Deadline::never(), {});
    REQUIRE(cavity.off() < resolution);
}

TEST_CASE("a sweep that is not its pattern's is taken again, or is waited for") {
    phyll::bench::MicrowaveBench kind = model(any_vna());
    kind.nature.sweep_time = 1; // so that a flag can be there before its sweep
    Answered cavity(kind, 5);
    SECTION("one whose data are those of the sweep before") {
        const std::uint64_t before = cavity.rig->retaken();
        cavity.lab.bench().misbehave("vna", {.fault = Fault::stale, .at = 2, .count = 2});
        REQUIRE(cavity.off() < resolution);
        REQUIRE(cavity.rig->retaken() == before + 2);
        REQUIRE_THAT(cavity.rig->health().reason, Catch::Contains("sweeps were taken again"));
    }
    SECTION("one that never is its own") {
        cavity.lab.bench().misbehave("vna", {.fault = Fault::stale, .at = 1, .count = 1000});
        REQUIRE_THROWS_WITH(test::answer(*cavity.rig, cavity.x),
                            Catch::Contains("belongs to its pattern"));
        REQUIRE_FALSE(cavity.lab.output_on());
    }
    SECTION("one whose finished flag is left from the sweep before") {
        cavity.lab.bench().misbehave("vna", {.fault = Fault::finished, .count = 1000});
        REQUIRE(cavity.off() < resolution);
    }
}

TEST_CASE("a serial line that loses and garbles bytes costs time, not answers") {
    // What is lost is asked again after a quarter of a second; a busy machine may take seconds for
    // the rest.
    const SystemClock clock;
    MicrowaveBench lab({}, "points = 12");
    const auto rig = lab.rig(clock);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 6);
    const OwnedBlock right = test::answer(*rig, x);
    const Fault fault = GENERATE(Fault::lose, Fault::garble);
    const auto what = GENERATE(as<std::string>(), "request", "reply");
    CAPTURE(static_cast<int>(fault), what);
    lab.bench().misbehave("metasurface", {.fault = fault, .at = 1, .count = 2, .text = what});
    REQUIRE(largest_difference(right.view(), test::answer(*rig, x).view()) < resolution);
}

TEST_CASE("a metasurface of another size is not driven") {
    const SystemClock clock;
    MicrowaveBench lab({}, "atoms = 30");
    const auto rig = lab.rig(clock, false);
    rig->use(rig->nominal());
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 1);
    REQUIRE_THROWS_WITH(test::answer(*rig, x),
                        "metasurface has 40 meta-atoms; the option atoms says 30");
    REQUIRE(lab.figure("vna", "rf_on") == 0);
}

TEST_CASE("a calibration of the microwave rig measures what is true of the bench") {
    const SystemClock clock;
    phyll::bench::MicrowaveBench kind;
    kind.settle_time = Seconds(0.004);
    kind.nature.noise = 1e-4;
    MicrowaveBench lab(kind, "points = 20");
    const auto rig = lab.rig(clock, false);
    const rigs::Calibration calibration = rig->calibrate({});
    CHECK(quantity(calibration, "settle time") >= 0.004);
    CHECK(quantity(calibration, "settle time") <= 0.0128);
    CHECK(quantity(calibration, "noise") > 1e-5);
    CHECK(quantity(calibration, "noise") < 1e-2);
    const auto& effects = rigs::series(calibration, "effect of each meta-atom", 40);
    CHECK(std::ranges::min(effects) > 0.005);
    CHECK(std::ranges::max(effects) < 1);
    CHECK(rig->health().state == Health::State::ready);
    // Patterns settle before they are measured.
    Workers workers(1);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 6);
    const OwnedBlock once = test::answer(*rig, x);
    CHECK(largest_difference(once.view(), test::answer(*rig, x).view()) < 2e-3);
}

TEST_CASE("a cavity that is another one than was calibrated is said to be") {
    const SystemClock clock;
    MicrowaveBench lab({}, "points = 12");
    const auto rig = lab.rig(clock);
    rigs::Calibration other = rig->calibrate({});
    for (double& value : other.series.front().values) {
        value = -value;
    }
    rig->use(other);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 1);
    static_cast<void>(test::answer(*rig, x));
    REQUIRE(rig->health().state == Health::State::degraded);
    REQUIRE_THAT(rig->health().reason,
                 Catch::Contains("off what it was when the rig was calibrated"));
}

TEST_CASE("a snapshot has all four parameters of a passive, reciprocal cavity") {
    Answered cavity(model(any_vna()));
    const auto snapshot = std::get<rigs::SweepSnapshot>(cavity.rig->snapshot({}, {}));
    REQUIRE(snapshot.setup.points == 12);
    for (std::size_t k = 0; k < 12; ++k) {
        const std::complex<double> s11 = snapshot.values[0].at(k);
        const std::complex<double> s21 = snapshot.values[1].at(k);
        const std::complex<double> s12 = snapshot.values[2].at(k);
        const std::complex<double> s22 = snapshot.values[3].at(k);
        CHECK(std::abs(s21 - s12) < resolution);
        CHECK(std::norm(s11) + std::norm(s21) < 1);
        CHECK(std::norm(s22) + std::norm(s12) < 1);
        CHECK(std::abs(s11) > 1e-3);
        CHECK(std::abs(s11 - s22) > 1e-3);
        // The pattern that is shown is the last query's.
        CHECK(std::abs(s21) == Approx(cavity.right.view().sample(1)[k]).margin(resolution));
    }
    // Queries go on with one parameter.
    REQUIRE(cavity.off() < resolution);
}

TEST_CASE("an electronic rig has no snapshot") {
    const SystemClock clock;
    conformance::ElectronicBench lab;
    const auto rig = lab.rig(clock, false);
    REQUIRE(test::code_of([&] { static_cast<void>(rig->snapshot({}, {})); }) ==
            Code::unimplemented);
}
