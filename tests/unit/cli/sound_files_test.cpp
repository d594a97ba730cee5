#include "clients/cli/sound_files.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <fstream>
#include <numbers>
#include <sndfile.h>
#include <string>
#include <vector>

using namespace phyll;
using Catch::Contains;

namespace {

constexpr double rate = 48'000;

/// A tone of an amplitude at microphone 1, and of a tenth of that at microphone 2.
v1::SoundSnapshot tone(double hertz, double amplitude, std::size_t frames = 24'000) {
    v1::SoundSnapshot sound;
    sound.set_rate(rate);
    sound.set_channels(2);
    sound.set_full_scale(1);
    std::vector<float> samples;
    for (std::size_t i = 0; i < frames; ++i) {
        const double value =
            amplitude * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / rate);
        samples.push_back(static_cast<float>(value));
        samples.push_back(static_cast<float>(0.1 * value));
    }
    sound.set_samples(samples.data(), samples.size() * sizeof(float));
    sound.add_tones(440);
    sound.add_tones(580);
    sound.add_bins(1000);
    return sound;
}

} // namespace

TEST_CASE("a spectrum has the level of a tone at its frequency, and little elsewhere") {
    v1::SoundSnapshot sound = tone(580, 0.1);
    const cli::Spectrum spectrum = cli::spectrum_of(sound);
    REQUIRE(spectrum.unit == "dBFS");
    REQUIRE(spectrum.spacing == Approx(10.0));
    CHECK(spectrum.levels.at(0).at(58) == Approx(-20).margin(0.01));
    CHECK(spectrum.levels.at(1).at(58) == Approx(-40).margin(0.01));
    CHECK(spectrum.levels.at(0).at(44) < -100);
    // Microphones that are known say it in dB SPL: 2 Pa of amplitude, against 20 uPa of rms.
    sound.set_full_scale(20);
    const cli::Spectrum known = cli::spectrum_of(sound);
    CHECK(known.unit == "dB SPL");
    CHECK(known.levels.at(0).at(58) ==
          Approx(20 * std::log10(2 / std::numbers::sqrt2 / 20e-6)).margin(0.01));
    const std::string lines = cli::lines_of(sound, known);
    CHECK_THAT(lines, Contains("580 Hz") && Contains("97.0 dB SPL"));
    CHECK(std::ranges::count(lines, '\n') == 3);
    const auto picture = cli::picture_of(sound, known, "a title");
    REQUIRE(picture.size() > 8);
    CHECK(static_cast<char>(picture[1]) == 'P');
}

TEST_CASE("a WAV file holds the very samples") {
    const v1::SoundSnapshot sound = tone(440, 0.5, 1'000);
    const auto bytes = cli::wav_of(sound);
    const TemporaryFolder folder("wav");
    const std::string path = folder.path() / "a.wav";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    SF_INFO info{};
    SNDFILE* const file = sf_open(path.c_str(), SFM_READ, &info);
    REQUIRE(file != nullptr);
    CHECK(info.samplerate == 48'000);
    CHECK(info.channels == 2);
    CHECK(info.frames == 1'000);
    std::vector<float> samples(2'000);
    CHECK(sf_read_float(file, samples.data(), 2'000) == 2'000);
    sf_close(file);
    CHECK(std::string(reinterpret_cast<const char*>(samples.data()), 8'000) == sound.samples());
    CHECK(cli::wav_of(sound) == bytes);
}

TEST_CASE("sound that cannot be is refused") {
    v1::SoundSnapshot sound = tone(440, 0.5, 100);
    REQUIRE_THROWS_WITH(cli::spectrum_of(sound), Contains("100 frames") && Contains("needs 4800"));
    sound.mutable_samples()->pop_back();
    REQUIRE_THROWS_WITH(cli::wav_of(sound), Contains("799 bytes"));
    sound.set_channels(0);
    REQUIRE_THROWS_AS(cli::spectrum_of(sound), Error);
}
