// What an acoustic rig plays, and what it makes of what it hears.
#include "drivers/core/error.hpp"
#include "drivers/rigs/acoustic/acoustic.pb.h"
#include "drivers/rigs/acoustic/described.hpp"
#include "drivers/rigs/acoustic/settings.hpp"
#include "drivers/rigs/acoustic/signal.hpp"
#include "tests/support/read_toml.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <string>

using namespace phyll;
using namespace phyll::rigs;
using Catch::Contains;

namespace {

AcousticSettings settings(const std::string& more = {}) {
    rigs::v1::AcousticInstrumentsOptions options;
    test::read_toml()("audio = \"a\"\n" + more, "options", options);
    return acoustic_settings(options);
}

OwnedBlock stimuli(std::size_t tones, std::size_t samples) {
    OwnedBlock x(tones, samples);
    for (std::size_t i = 0; i < x.view().size(); ++i) {
        x.view().values()[i] = static_cast<float>(std::fmod(0.618 * static_cast<double>(i), 1.0));
    }
    return x;
}

/// What a wire from output `k` to input `k` records, so much later.
Sound through_wires(const Sound& played, std::size_t inputs, std::size_t latency) {
    Sound recorded{.channels = inputs, .samples = {}};
    recorded.samples.resize((played.frames() + latency) * inputs);
    for (std::size_t frame = 0; frame < played.frames(); ++frame) {
        for (std::size_t input = 0; input < inputs; ++input) {
            recorded.samples[(frame + latency) * inputs + input] = played.at(frame, input);
        }
    }
    return recorded;
}

} // namespace

TEST_CASE("what is played is what is heard where a wire is all that is between") {
    const bool follow = GENERATE(false, true);
    CAPTURE(follow);
    constexpr std::size_t latency = 321;
    // As many microphones as speakers: each bin is read where its tone is played.
    const AcousticSettings s =
        settings("outputs = [1, 2]\ninputs = [1, 2]\nfull_scale_pressure = 20.0");
    const Multitones tones(s);
    const OwnedBlock x = stimuli(s.multitone.tones, 3);
    std::vector<double> gains(s.multitone.tones);
    for (std::size_t k = 0; k < gains.size(); ++k) {
        gains[k] = 1.0 + 0.1 * static_cast<double>(k);
    }
    const BlockLayout layout = tones.layout(3, follow);
    const Sound played = tones.play(layout, x.view(), gains, 2);
    REQUIRE(played.frames() == layout.frames());
    const Sound recorded = through_wires(played, 2, latency);
    for (std::size_t sample = 0; sample < 3; ++sample) {
        const auto phasors = tones.listen(layout, sample, recorded, latency);
        for (std::size_t k = 0; k < phasors.size(); ++k) {
            CAPTURE(sample, k);
            const double expected =
                20.0 * s.tone_amplitude * gains[k] * static_cast<double>(x.sample(sample)[k]);
            CHECK(std::abs(phasors[k]) == Approx(expected).margin(1e-5));
            // Relative to the sample's own first frame its phase is that of the multitone.
            if (expected > 1e-3) {
                const double off = std::arg(phasors[k]) - s.multitone.phase(k);
                CHECK(std::cos(off) == Approx(1.0).margin(1e-4));
            }
        }
    }
}

TEST_CASE("a block begins and ends in silence, rests before each sample, and never jumps") {
    const AcousticSettings s = settings();
    const Multitones tones(s);
    OwnedBlock x(s.multitone.tones, 2);
    std::ranges::fill(x.view().values(), 1.0F);
    const BlockLayout layout = tones.layout(2, false);
    const Sound played =
        tones.play(layout, x.view(), std::vector<double>(s.multitone.tones, 1.0), 4);
    double largest = 0;
    for (std::size_t frame = 1; frame < played.frames(); ++frame) {
        for (std::size_t output = 0; output < 4; ++output) {
            largest =
                std::max(largest, std::abs(static_cast<double>(played.at(frame, output) -
                                                               played.at(frame - 1, output))));
        }
    }
    // Five tones of 0.05 at a speaker, of 2 to 3 kHz at most.
    CHECK(largest < 5 * 0.05 * 2 * 3.1416 * 2960 / 48'000);
    s.limits.check(played.samples, 4);
    const auto is_silent = [&](std::size_t first, std::size_t frames) {
        const Sound part = part_of(played, first, frames);
        return peak_of(part) == 0.0;
    };
    CHECK(is_silent(0, 1));
    CHECK(is_silent(layout.first(0) - s.rest, s.rest));
    CHECK(is_silent(layout.first(1) - s.rest + s.fade, s.rest - s.fade));
    CHECK(is_silent(layout.frames() - s.rest, s.rest));
    CHECK_FALSE(is_silent(layout.window(1), s.window));
    // The crest factor of 20 tones with Schroeder's phases, five at a speaker, is low.
    CHECK(peak_of(part_of(played, layout.window(0), s.window)) < 5 * 0.05);
}

TEST_CASE("a marker is a chirp at each speaker in turn, and at the first one at the end") {
    const AcousticSettings s = settings("marker_amplitude = 0.2");
    const Multitones tones(s);
    const Sound played = tones.play(tones.layout(0, false), {}, {}, 4);
    const Marker& marker = tones.marker();
    for (std::size_t turn = 0; turn < 4; ++turn) {
        const Sound part = part_of(played, 1 + turn * marker.turn(), marker.turn());
        CHECK(peak_of(part) == Approx(0.2).epsilon(0.1));
        for (std::size_t output = 0; output < 4; ++output) {
            double sum = 0;
            for (std::size_t frame = 0; frame < part.frames(); ++frame) {
                sum += std::abs(part.at(frame, output));
            }
            CHECK((sum > 0) == (output == turn));
        }
    }
    const BlockLayout layout = tones.layout(0, false);
    const Sound begin = part_of(played, 1, marker.turn());
    CHECK(likeness(begin, begin) < 1.0); // of channels that are silent nothing is known
    CHECK(part_of(played, layout.end_marker(), marker.turn()) == begin);
}

TEST_CASE("what sounds alike correlates, and what is louder is louder") {
    const Sound a{.channels = 1, .samples = {0, 1, -2, 3, 0.5F}};
    Sound b = a;
    std::ranges::for_each(b.samples, [](float& value) { value *= 2; });
    CHECK(likeness(a, b) == Approx(1.0));
    CHECK(worst_level(b, a, a.frames()) == Approx(2.0));
    CHECK(peak_of(a) == 3.0);
    b.samples = {1, -2, 3, 0.5F, 0};
    CHECK(likeness(a, b) < 0.0);
    CHECK(part_of(a, 3, 4).samples == std::vector<float>{3, 0.5F, 0, 0});
}

TEST_CASE("options of an acoustic rig that cannot be are refused with what would be valid") {
    const auto [text, message] = GENERATE(table<std::string, std::string>({
        {"outputs = [1, 1]", "outputs: 1 is there twice"},
        {"tone_gains = [1.0, 2.0]", "tone_gains: 2 of them for 20 tones; valid is one each"},
        {"lowest_tone = 305.0", "window_time: 0.05 s; 305 Hz has no whole number of periods in it"},
        {"sample_rate = 8000.0\ntones = 40", "sample_rate: 8000 Hz; 4080 Hz needs more than twice"},
        {"fade_time = 0.06", "fade_time: 0.06 s; valid is at most rest_time, 0.05 s"},
        {"settle_time = 0.10001", "settle_time: 0.10001 s; valid are whole numbers of frames"},
        {"samples_per_block = 100", "samples_per_block: 100; valid is at most 89"},
        {"tones = 8\nbins = \"intermodulation\"", "tones: 8; with intermodulation bins valid is "
                                                  "12 or more"},
        {"rest_time = 10.0", "rest_time: 10 s; with settle_time, window_time and the marker one "
                             "sample takes 30.2"},
        {"limit_peak = 0.05", "limit_peak: 0.05; the marker needs 0.1"},
    }));
    CAPTURE(text);
    REQUIRE_THROWS_WITH(settings(text), Contains(message));
}

TEST_CASE("what is played is limited to what the drives need, where that is known") {
    CHECK(settings().limits.peak == 1.0);
    std::string gains = "tone_gains = [1.0";
    for (int k = 1; k < 20; ++k) {
        gains += ", 1.0";
    }
    CHECK(settings(gains + "]").limits.peak == Approx(0.25).epsilon(1e-3));
    CHECK(settings("limit_peak = 0.3\nlimit_rms = 0.1").limits ==
          audio::Limits{.peak = 0.3, .rms = 0.1});
    const LayerSpec spec = acoustic_spec(settings("limit_pressure = 5.0"));
    CHECK(std::ranges::find(spec.limits, "5 Pa at a microphone, after which it is silent") !=
          spec.limits.end());
}

TEST_CASE("a calibration comes out of what is kept of it as it went in") {
    const AcousticSettings s = settings();
    AcousticCalibration measured;
    measured.reference.latency = 1234;
    measured.reference.marker.channels = 2;
    measured.reference.marker.samples.assign(2 * Marker(s).heard(), 0.25F);
    measured.likeness = 0.99;
    measured.noise = 0.1;
    measured.gains.assign(20, 1.5);
    measured.responses = {1, 2, 3, 4, 5};
    measured.linear = 0.4;
    measured.loudest = 12;
    measured.unsettled = 0.01;
    const Calibration kept = described(measured, s);
    const AcousticCalibration found = acoustic_calibration(kept, s);
    CHECK(found.reference.latency == 1234);
    CHECK(found.reference.marker == measured.reference.marker);
    CHECK(found.gains == measured.gains);
    CHECK(found.linear == 0.4);
    Calibration other = kept;
    other.series.back().values.pop_back();
    REQUIRE_THROWS_WITH(acoustic_calibration(other, s), Contains("marker as heard"));
    CHECK(in_words(settings("tone_amplitude = 0.02")) != in_words(s));
}
