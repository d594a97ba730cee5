#include "sim/rigs/decorators/disturbed.hpp"
#include "sim/rigs/replay/replay.pb.h"
#include "sim/rigs/twin/assessment.hpp"
#include "sim/rigs/twin/twin.pb.h"
#include "sim/rigs/twin/twin_rig.hpp"
#include "tests/support/paths.hpp"
#include "tests/unit/sim/recordings.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>

using namespace phyll;
using namespace phyll::test;
using Catch::Contains;

namespace {

/// Of the note that begins so: its two figures, of the network and of the linear fit.
std::pair<double, double> determinations(const LayerSpec& spec) {
    for (const std::string& note : spec.notes) {
        double network = 0.0;
        double linear = 0.0;
        if (std::sscanf(note.c_str(), "held-out R^2 %lf, of a linear fit %lf", &network, &linear) ==
            2) {
            return {network, linear};
        }
    }
    FAIL("no note says what the twin is worth");
    return {};
}

/// The electronic rig, with an output more that never moves.
sim::Recording with_dead_output(Workers& workers, std::size_t measurements) {
    const auto rig = default_rig("electronic", workers);
    sim::Recording live = recorded(*rig, measurements);
    sim::Recording recording = live;
    recording.outputs.push_back({.name = "dead", .unit = "V", .minimum = 0, .maximum = 1});
    recording.responses = OwnedBlock(live.outputs.size() + 1, measurements);
    for (std::size_t i = 0; i < measurements; ++i) {
        std::ranges::copy(live.responses.sample(i), recording.responses.sample(i).begin());
        recording.responses.sample(i).back() = 0.5F + 1e-6F * static_cast<float>(i % 2);
    }
    return recording;
}

sim::TwinRules small_fit() {
    sim::TwinRules rules;
    rules.fit.hidden = 20;
    rules.fit.iterations = 150;
    rules.test_fraction = 0.2;
    return rules;
}

} // namespace

TEST_CASE("a twin predicts what its device answers, better than a linear fit") {
    Workers workers(1);
    const sim::Recording recording = with_dead_output(workers, 1500);
    const auto twin = sim::make_twin(recording, small_fit(), workers);
    const LayerSpec& spec = twin->spec();
    REQUIRE(spec.kind == "twin");
    REQUIRE(spec.evidence == Evidence::replay_twin);
    REQUIRE(spec.evidence_of == recording.of);
    REQUIRE_FALSE(spec.closed_domain);
    const auto [network, linear] = determinations(spec);
    REQUIRE(network > linear + 0.02);
    REQUIRE(network > 0.9);
    REQUIRE_THAT(spec.outputs[0].note, Contains("R^2 0.9"));

    // What the note says holds of stimuli that nobody had when the twin was made.
    const auto device = default_rig("electronic", workers);
    const OwnedBlock fresh = uniform_stimuli(device->spec(), 500, 77);
    const OwnedBlock truth = answer(*device, fresh);
    const OwnedBlock predicted = answer(*twin, fresh);
    double errors = 0.0;
    double squares = 0.0;
    const sim::Moments moments = sim::moments_of(truth.view());
    for (std::size_t i = 0; i < truth.samples(); ++i) {
        REQUIRE(predicted.sample(i).back() == Approx(0.5).margin(1e-5));
        for (std::size_t k = 0; k < truth.channels(); ++k) {
            const auto value = static_cast<double>(truth.sample(i)[k]);
            errors += std::pow(static_cast<double>(predicted.sample(i)[k]) - value, 2);
            squares += std::pow(value - moments.means[k], 2);
        }
    }
    REQUIRE(1.0 - errors / squares == Approx(network).margin(0.01));
    REQUIRE(spec.outputs.back().note == "dead: a constant");
    REQUIRE_THAT(spec.notes.back(), Contains("dead outputs, fitted as constants: dead"));
}

TEST_CASE("a twin is a function of recording and seed, on any number of threads") {
    Workers one(1);
    Workers three(3);
    const sim::Recording recording = with_dead_output(one, 400);
    sim::TwinRules rules = small_fit();
    rules.fit.iterations = 30;
    const auto answers = [&](Workers& workers) {
        const auto twin = sim::make_twin(recording, rules, workers);
        return answer(*twin, uniform_stimuli(twin->spec(), 100, 3));
    };
    const OwnedBlock first = answers(one);
    REQUIRE(same_bits(first.view(), answers(three).view()));
    rules.fit.seed = 2;
    REQUIRE_FALSE(same_bits(first.view(), answers(one).view()));
}

TEST_CASE("a repeated stimulus is either fitted or tested by") {
    // Four stimuli, 500 times each: what is tested was never seen, and a network that only saw two
    // of the four does not know the others.
    Workers workers(1);
    sim::Recording recording;
    recording.inputs = {{.name = "in", .unit = "1"}};
    recording.outputs = {{.name = "out", .unit = "1", .minimum = -9, .maximum = 9}};
    recording.stimuli = OwnedBlock(1, 2000);
    recording.responses = OwnedBlock(1, 2000);
    for (std::size_t i = 0; i < 2000; ++i) {
        recording.stimuli.sample(i)[0] = static_cast<float>(i % 4) / 3.0F;
        recording.responses.sample(i)[0] = static_cast<float>(i % 4 == 0   ? 3
                                                              : i % 4 == 1 ? -3
                                                                           : i % 4) +
                                           0.01F * static_cast<float>(i % 7);
    }
    sim::TwinRules rules = small_fit();
    rules.test_fraction = 0.5;
    REQUIRE(determinations(sim::make_twin(recording, rules, workers)->spec()).first < 0.9);
    rules.test_fraction = 0.1;
    REQUIRE(code_of([&] { return sim::make_twin(recording, rules, workers); }) ==
            Code::invalid_argument);
}

TEST_CASE("a recording that cannot be fitted is refused") {
    Workers workers(1);
    sim::Recording recording = with_dead_output(workers, 100);
    sim::TwinRules rules = small_fit();
    rules.fit.hidden = 0;
    REQUIRE_THROWS_WITH(sim::make_twin(recording, rules, workers),
                        Contains("hidden: 0; valid is 1 to "));
    std::ranges::fill(recording.responses.view().values(), 1.0F);
    REQUIRE_THROWS_WITH(sim::make_twin(recording, small_fit(), workers),
                        Contains("no output varies"));
}

TEST_CASE("an input that was never moved does not spoil a twin") {
    Workers workers(1);
    sim::Recording recording = with_dead_output(workers, 400);
    for (std::size_t i = 0; i < 400; ++i) {
        recording.stimuli.sample(i)[3] = 0.1F;
    }
    const auto twin = sim::make_twin(recording, small_fit(), workers);
    OwnedBlock x(recording.inputs.size(), 1);
    std::ranges::copy(recording.stimuli.sample(0), x.sample(0).begin());
    const float there = answer(*twin, x).sample(0)[0];
    x.sample(0)[3] = 0.2F;
    REQUIRE(answer(*twin, x).sample(0)[0] == Approx(there).margin(0.5));
    REQUIRE(twin->spec().outputs[0].maximum < 10.0);
}

TEST_CASE("a twin can be perturbed") {
    Workers workers(1);
    sim::TwinRules rules = small_fit();
    rules.fit.iterations = 30;
    auto twin = sim::make_twin(with_dead_output(workers, 300), rules, workers);
    const OwnedBlock x = uniform_stimuli(twin->spec(), 50, 5);
    const OwnedBlock nominal = answer(*twin, x);
    twin->displace(std::vector<double>(twin->parameters(), 0.1));
    REQUIRE_FALSE(same_bits(nominal.view(), answer(*twin, x).view()));
    twin->displace(std::vector<double>(twin->parameters(), 0.0));
    REQUIRE(same_bits(nominal.view(), answer(*twin, x).view()));

    sim::Disturbances disturbances;
    disturbances.perturb = 0.2;
    const SystemClock clock;
    REQUIRE_NOTHROW(
        sim::disturbed(std::move(twin), disturbances, {.seed = 1, .workers = &workers}, clock));
}

TEST_CASE("the measured acoustic cavity is a replay and a twin", "[long]") {
    const auto x = real_data("acoustic_cavity/x_data.csv.gz");
    const auto y = real_data("acoustic_cavity/y_data.csv.gz");
    if (!x || !y) {
        WARN("the measured cavity is not at hand: only synthetic recordings were tested");
        return;
    }
    Workers workers(2);
    sim::RigSite site{.seed = 1, .workers = &workers};
    site.read = [](const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return DataFile(std::string{std::istreambuf_iterator<char>(file), {}});
    };
    sim::v1::TwinOptions options;
    sim::v1::RecordingOptions& recording = *options.mutable_recording();
    recording.set_stimuli(x->string());
    recording.set_responses(y->string());
    recording.set_header("yes");

    const sim::Recording measured = sim::read_recording(recording, site);
    REQUIRE(measured.stimuli.samples() == 10'000);
    REQUIRE(measured.outputs.size() == 20);
    const auto twin = kind_named("twin").make(options, site);
    const auto [network, linear] = determinations(twin->spec());
    REQUIRE(network == Approx(0.988).margin(0.003));
    REQUIRE(linear == Approx(0.957).margin(0.006));
    REQUIRE_THAT(twin->spec().notes.back(), Contains("constants: out 16 ("));

    sim::v1::ReplayOptions replay_options;
    *replay_options.mutable_recording() = recording;
    const auto replay = kind_named("replay").make(replay_options, site);
    OwnedBlock stimuli(20, 500);
    std::ranges::copy(measured.stimuli.view().slice(0, 500).values(), stimuli.view().data());
    const OwnedBlock answers = answer(*replay, stimuli);
    REQUIRE(std::ranges::equal(answers.view().values(),
                               measured.responses.view().slice(0, 500).values()));
}
