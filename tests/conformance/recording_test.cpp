// Rigs on recordings keep the contract; a replay is asked what it knows.
#include "sim/rigs/decorators/disturbed.hpp"
#include "sim/rigs/replay/replay_rig.hpp"
#include "sim/rigs/twin/twin_rig.hpp"
#include "tests/conformance/suite.hpp"
#include "tests/unit/sim/recordings.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using conformance::check_contract;
using conformance::Subject;

namespace {

constexpr std::size_t measurements = 250;

/// The electronic rig's answers, each stimulus of the second half once more: with another answer.
sim::Recording repeated() {
    Workers workers(1);
    const auto rig = test::default_rig("electronic", workers);
    sim::Recording recording = test::recorded(*rig, measurements);
    for (std::size_t i = measurements / 2; i < measurements; ++i) {
        std::ranges::copy(recording.stimuli.sample(i - measurements / 2),
                          recording.stimuli.sample(i).begin());
    }
    return recording;
}

Subject replay(const sim::ReplayRules& rules, const sim::Disturbances& disturbances = {}) {
    Subject subject;
    subject.make = [=](Workers& workers, const Clock& clock) {
        return sim::disturbed(sim::make_replay(repeated(), rules), disturbances,
                              {.seed = 1, .workers = &workers}, clock);
    };
    if (!rules.nearest) {
        subject.known = [](std::size_t count) {
            const sim::Recording recording = repeated();
            OwnedBlock x(recording.inputs.size(), count);
            std::ranges::copy(recording.stimuli.view().slice(0, count).values(), x.view().data());
            return x;
        };
    }
    return subject;
}

Subject twin(const sim::Disturbances& disturbances = {}) {
    return {.make = [=](Workers& workers, const Clock& clock) {
        const auto rig = test::default_rig("electronic", workers);
        sim::TwinRules rules;
        rules.fit.hidden = 7;
        rules.fit.iterations = 20;
        return sim::disturbed(sim::make_twin(test::recorded(*rig, measurements), rules, workers),
                              disturbances, {.seed = 1, .workers = &workers}, clock);
    }};
}

sim::Disturbances noise_and_latency() {
    sim::Disturbances disturbances;
    disturbances.noise = 0.005;
    disturbances.latency = true;
    return disturbances;
}

} // namespace

TEST_CASE("a replay keeps the contract") {
    check_contract(replay({}));
}

TEST_CASE("a replay that answers with means keeps the contract") {
    check_contract(replay({.nearest = false, .mean = true}));
}

TEST_CASE("a replay that answers with the nearest keeps the contract of an open domain") {
    check_contract(replay({.nearest = true, .mean = false}));
}

TEST_CASE("a replay with noise and latency keeps the contract") {
    check_contract(replay({}, noise_and_latency()));
}

TEST_CASE("a twin keeps the contract") {
    check_contract(twin());
}

TEST_CASE("a twin with noise, drift and latency keeps the contract") {
    sim::Disturbances disturbances = noise_and_latency();
    disturbances.drift_samples = 2000;
    check_contract(twin(disturbances));
}
