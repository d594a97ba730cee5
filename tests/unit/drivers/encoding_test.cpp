#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"
#include "drivers/rigs/electronic/encoding.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <utility>

using namespace phyll;
using namespace phyll::rigs;

namespace {

constexpr double latency = 3.7e-6;
constexpr double tolerance = 0.05;

Encoding encoding() {
    return {.hold_time = 1e-4,
            .points_per_hold = 10,
            .dac_samples = 4,
            .reads = {2, 4},
            .low = -2,
            .high = 3,
            .rest_holds = 7};
}

OwnedBlock stimuli(std::size_t samples, std::uint64_t seed = 1) {
    const KeyedRandom random(seed, "stimuli");
    OwnedBlock x(4, samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < 4; ++k) {
            x.sample(i)[k] = static_cast<float>(random.uniform(i, k));
        }
    }
    return x;
}

/// What a digitiser sees of a generator that plays the waveform.
instruments::Record seen(const Frame& frame, const std::vector<double>& waveform, double scale = 1,
                         double offset = 0) {
    const instruments::DigitiserSetup setup = frame.record(latency);
    instruments::Record record{.start = setup.start,
                               .interval = Seconds(1 / setup.sample_rate),
                               .volts = {},
                               .resolution = 1e-3,
                               .range = {5.0}};
    for (std::size_t i = 0; i < setup.points; ++i) {
        const double at = record.start.count() + static_cast<double>(i) / setup.sample_rate;
        const double hold = std::floor((at - latency) / 1e-4 + 1e-6);
        const auto index = static_cast<std::size_t>(hold);
        record.volts.push_back(offset + scale * (index < waveform.size() ? waveform[index] : 0.0));
    }
    return record;
}

} // namespace

TEST_CASE("a waveform begins and ends at rest, and every sample is where the frame says") {
    const bool follow = GENERATE(false, true);
    const Frame frame(encoding(), 3, follow);
    const OwnedBlock x = stimuli(3);
    const std::vector<double> points = frame.waveform(x.view(), 0xA5F1, {});
    REQUIRE(points.size() == frame.holds());
    REQUIRE(frame.holds() == Encoding::marker_holds + (follow ? 7 : 21) + 12 + 1);
    REQUIRE(points.front() == 0.0);
    REQUIRE(points.back() == 0.0);
    REQUIRE(points[1] == 3.0);
    for (std::size_t sample = 0; sample < 3; ++sample) {
        const std::size_t first = frame.first_hold(sample);
        for (std::size_t k = 0; k < 4; ++k) {
            REQUIRE(points[first + k] == Approx(-2 + 5 * x.sample(sample)[k]));
        }
        if (!follow || sample == 0) {
            for (std::size_t k = first - 7; k < first; ++k) {
                REQUIRE(points[k] == 0.0);
            }
        }
    }
    if (follow) {
        REQUIRE(frame.first_hold(1) == frame.first_hold(0) + 4);
    }
}

TEST_CASE("a record proves by count and drive that it is that of its waveform") {
    const Frame frame(encoding(), 3, false);
    const OwnedBlock x = stimuli(3);
    const auto count = static_cast<std::uint16_t>(GENERATE(0, 1, 2, 0x7FFF, 0x8000, 0xFFFF, 4711));
    const instruments::Record own = seen(frame, frame.waveform(x.view(), count, {}));
    REQUIRE_FALSE(frame.objection(own, x.view(), count, latency, tolerance));

    SECTION("another count") {
        const auto other = static_cast<std::uint16_t>(count + 1);
        const auto objection = frame.objection(own, x.view(), other, latency, tolerance);
        REQUIRE(objection);
        REQUIRE(objection->find(std::to_string(count)) != std::string::npos);
        REQUIRE(objection->find(std::to_string(other)) != std::string::npos);
    }
    SECTION("another stimulus with the same count") {
        const OwnedBlock other = stimuli(3, 2);
        const auto objection = frame.objection(own, other.view(), count, latency, tolerance);
        REQUIRE(objection);
        REQUIRE(objection->find("sample 0") != std::string::npos);
    }
    SECTION("no waveform at all") {
        instruments::Record silent = own;
        silent.volts.assign(silent.volts.size(), 0.0);
        REQUIRE(frame.objection(silent, x.view(), count, latency, tolerance) ==
                std::optional<std::string>("it carries no count"));
        silent.volts.assign(silent.volts.size(), 3.0);
        REQUIRE(frame.objection(silent, x.view(), count, latency, tolerance));
    }
    SECTION("a record that is too short") {
        instruments::Record cut = own;
        cut.volts.resize(cut.volts.size() / 2);
        REQUIRE_THROWS_AS(frame.objection(cut, x.view(), count, latency, tolerance), Error);
    }
    SECTION("any bit of the marker turned") {
        for (std::size_t hold = 1; hold < Encoding::marker_holds; ++hold) {
            std::vector<double> points = frame.waveform(x.view(), count, {});
            points[hold] = points[hold] > 1 ? 0 : 3;
            CAPTURE(hold);
            REQUIRE(frame.objection(seen(frame, points), x.view(), count, latency, tolerance));
        }
    }
}

TEST_CASE("what the output is off by is corrected") {
    const Frame frame(encoding(), 2, false);
    const OwnedBlock x = stimuli(2);
    const OutputCorrection correction{.scale = 1.02, .offset = 0.05};
    const instruments::Record record =
        seen(frame, frame.waveform(x.view(), 9, correction), 1.02, 0.05);
    REQUIRE_FALSE(frame.objection(record, x.view(), 9, latency, 1e-6));
    REQUIRE(nearest(record, frame.middle_of(Encoding::marker_holds, latency)) ==
            Approx(0.0).margin(1e-12));
}

TEST_CASE("voltages are read at an instant, from what was before it") {
    instruments::Record record{.start = Seconds(1.0), .interval = Seconds(0.1), .volts = {}};
    for (int i = 0; i < 20; ++i) { // a parabola, then something else
        const double t = 0.1 * i;
        record.volts.push_back(i <= 12 ? 1 + 2 * t - 3 * t * t : 100.0);
    }
    const auto parabola = [](double t) { return 1 + 2 * t - 3 * t * t; };
    REQUIRE(just_before(record, 1.0 + 0.5) == Approx(parabola(0.5)));
    REQUIRE(just_before(record, 1.0 + 1.2) == Approx(parabola(1.2)));
    REQUIRE(just_before(record, 1.0 + 1.2000001) == Approx(parabola(1.2)));
    REQUIRE(just_before(record, 1.0 + 1.27) == Approx(parabola(1.27)));
    REQUIRE(nearest(record, 1.0 + 1.24) == Approx(parabola(1.2)));
    REQUIRE(nearest(record, 1.0 + 1.26) == 100.0);
    REQUIRE_THROWS_AS(just_before(record, 0.9), Error);
    REQUIRE_THROWS_AS(nearest(record, 3.1), Error);
    record.volts.clear();
    REQUIRE_THROWS_AS(nearest(record, 1.0), Error);
}
