#include "sim/rigs/decorators/disturbed.hpp"
#include "sim/rigs/replay/replay.pb.h"
#include "sim/rigs/replay/replay_rig.hpp"
#include "sim/rigs/replay/stimulus_index.hpp"
#include "tests/unit/sim/recordings.hpp"

#include <catch2/catch.hpp>

#include <utility>

using namespace phyll;
using namespace phyll::test;
using Catch::Contains;

namespace {

/// Stimuli (0), (0.5), (0), (0), each with an answer of its own.
sim::Recording small() {
    sim::Recording recording;
    recording.inputs = {{.name = "in", .unit = "1"}};
    recording.outputs = {{.name = "out", .unit = "1", .minimum = 0, .maximum = 10}};
    recording.stimuli = OwnedBlock(1, 4);
    recording.stimuli.sample(1)[0] = 0.5F;
    recording.responses = OwnedBlock(1, 4);
    for (std::size_t i = 0; i < 4; ++i) {
        recording.responses.sample(i)[0] = static_cast<float>(i + 1);
    }
    return recording;
}

float ask(PhysicalLayer& rig, float drive, std::uint64_t number = 0) {
    OwnedBlock x(1, 1);
    x.sample(0)[0] = drive;
    return answer(rig, x, with_number(99, number)).sample(0)[0];
}

} // namespace

TEST_CASE("a replay says that it is one, and of what") {
    const auto rig = sim::make_replay(small(), {});
    REQUIRE(rig->spec().kind == "replay");
    REQUIRE(rig->spec().evidence == Evidence::replay);
    REQUIRE(rig->spec().closed_domain);
    REQUIRE(rig->spec().deterministic);
    REQUIRE_THAT(rig->spec().notes.at(0), Contains("4 measurements of 2 distinct stimuli"));
    REQUIRE_FALSE(
        sim::make_replay(small(), {.nearest = true, .mean = false})->spec().closed_domain);
}

TEST_CASE("a stimulus that was measured several times is answered by number, without memory") {
    const auto rig = sim::make_replay(small(), {});
    for (const std::uint64_t number : {5U, 0U, 4U, 3U, 3U, 1U, 2U}) {
        constexpr float answers[] = {1, 3, 4};
        REQUIRE(ask(*rig, 0.0F, number) == answers[number % 3]);
        REQUIRE(ask(*rig, 0.5F, number) == 2.0F);
    }
    REQUIRE(ask(*rig, -0.0F) == 1.0F);
    OwnedBlock x(1, 3);
    const OwnedBlock y = answer(*rig, x, with_number(0, 1));
    REQUIRE(y.sample(0)[0] == 3.0F);
    REQUIRE(y.sample(1)[0] == 4.0F);
    REQUIRE(y.sample(2)[0] == 1.0F);
}

TEST_CASE("or by the mean of its measurements") {
    const auto rig = sim::make_replay(small(), {.nearest = false, .mean = true});
    REQUIRE(ask(*rig, 0.0F, 1) == Approx(8.0 / 3));
    REQUIRE(ask(*rig, 0.5F, 1) == 2.0F);
}

TEST_CASE("an unknown stimulus is not found: which, and how far the nearest is") {
    const auto rig = sim::make_replay(small(), {});
    OwnedBlock x(1, 2);
    x.sample(1)[0] = 0.75F;
    try {
        static_cast<void>(answer(*rig, x, with_number(0, 40)));
        FAIL("it was answered");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::not_found);
        REQUIRE_THAT(error.what(), Contains("sample 41") && Contains("0.25 away"));
    }
    REQUIRE(rig->health().reason.empty());
}

TEST_CASE("the nearest answers when asked for, and is counted") {
    const auto rig = sim::make_replay(small(), {.nearest = true, .mean = false});
    REQUIRE(ask(*rig, 0.5F) == 2.0F);
    REQUIRE(rig->health().reason.empty());
    REQUIRE(ask(*rig, 0.75F) == 2.0F);
    REQUIRE(ask(*rig, 0.125F, 1) == 3.0F);
    const Health health = rig->health();
    REQUIRE(health.state == Health::State::ready);
    REQUIRE(health.reason == "2 of 3 samples were answered by the nearest recorded stimulus, 0.19 "
                             "away in the mean and 0.25 at most");
}

TEST_CASE("inputs of levels are found by their level") {
    OwnedBlock stimuli(2, 2);
    stimuli.sample(1)[0] = 1.0F;
    const sim::StimulusIndex index(std::as_const(stimuli).view(), {2, 0});
    REQUIRE(index.find(std::vector<float>{0.9F, 0.0F}) == 1);
    REQUIRE(index.find(std::vector<float>{0.4F, 0.0F}) == 0);
    REQUIRE_FALSE(index.find(std::vector<float>{0.9F, 1e-7F}));
}

TEST_CASE("noise of a replay is measured on what it knows, and nothing in it can be displaced") {
    Workers workers(1);
    const sim::RigSite site{.seed = 1, .workers = &workers};
    const SystemClock clock;
    sim::Disturbances disturbances;
    disturbances.noise = 0.1;
    const auto noisy = sim::disturbed(sim::make_replay(small(), {}), disturbances, site, clock);
    const float answer = ask(*noisy, 0.5F);
    REQUIRE(answer != 2.0F);
    REQUIRE(answer == Approx(2.0).margin(1.0));
    disturbances = {};
    disturbances.perturb = 0.2;
    REQUIRE(code_of([&] {
                return sim::disturbed(sim::make_replay(small(), {}), disturbances, site, clock);
            }) == Code::failed_precondition);
    REQUIRE(code_of([&] { sim::make_replay(small(), {})->displace(std::vector<double>{1.0}); }) ==
            Code::invalid_argument);
}

TEST_CASE("a rig and the recording of it in files answer alike") {
    Workers workers(1);
    const auto rig = default_rig("electronic", workers);
    const sim::Recording truth = recorded(*rig, 50);
    sim::v1::ReplayOptions options;
    options.mutable_recording()->set_stimuli("x.csv");
    options.mutable_recording()->set_responses("y.csv");
    sim::RigSite site{.seed = 1, .workers = &workers};
    site.read = files({{"x.csv", csv(truth.stimuli)}, {"y.csv", csv(truth.responses)}});
    const auto replay = kind_named("replay").make(options, site);
    REQUIRE(same_bits(answer(*replay, truth.stimuli).view(), truth.responses.view()));
    options.set_lookup("close");
    REQUIRE_THROWS_WITH(kind_named("replay").make(options, site),
                        "lookup: 'close'; valid is 'exact', 'nearest'");
}
