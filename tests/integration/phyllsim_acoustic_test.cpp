// The acoustic bench as a program, and clients that know nothing of phylld.

#include "drivers/instruments/served_audio.hpp"
#include "sim/physics/acoustic/linear_response.hpp"
#include "tests/integration/jack_peer.hpp"
#include "tests/integration/phyllsim_program.hpp"
#include "tests/support/await.hpp"
#include "tests/support/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sndfile.h>

#include <cmath>
#include <complex>
#include <fstream>
#include <numbers>
#include <string>

using nlohmann::json;
using namespace phyll;
using test::Finished;
using test::require_refused;
using test::Sim;

namespace {

constexpr double rate = 48'000;
constexpr double pi = std::numbers::pi;
constexpr double speaker_full_scale = 6e-3;
constexpr double microphone_full_scale = 2000;

/// A sine at an amplitude that leaves the cavity linear, which fades in and out.
std::vector<float> sine(double hertz, double amplitude, std::size_t frames) {
    std::vector<float> samples(frames);
    for (std::size_t i = 0; i < frames; ++i) {
        const double end = static_cast<double>(std::min(i, frames - i)) / 500;
        samples[i] = static_cast<float>(amplitude * std::min(1.0, end) *
                                        std::sin(2 * pi * hertz * static_cast<double>(i) / rate));
    }
    return samples;
}

/// Amplitude of what was heard at a frequency, of half a second from a frame on.
double amplitude(const std::vector<float>& heard, double hertz, std::size_t from) {
    constexpr std::size_t window = 24'000;
    REQUIRE(heard.size() >= from + window);
    std::complex<double> sum;
    for (std::size_t i = 0; i < window; ++i) {
        sum += static_cast<double>(heard[from + i]) *
               std::polar(1.0, -2 * pi * hertz * static_cast<double>(i) / rate);
    }
    return 2 * std::abs(sum) / window;
}

/// What a linear cavity makes of a tone, in shares of full scale.
double expected(std::size_t speaker, std::size_t microphone, double hertz, double played) {
    const physics::AcousticParameters device;
    return std::abs(physics::linear_transfer(device, physics::nominal_geometry(device), speaker,
                                             microphone, hertz)) *
           played * speaker_full_scale / microphone_full_scale;
}

std::string server_of(const Sim& sim) {
    return sim.ready().at("environment").at("JACK_DEFAULT_SERVER");
}

} // namespace

TEST_CASE("phyllsim --bench acoustic says what it is made of") {
    Sim sim({"--bench", "acoustic", "--microphone-noise", "0.01"});
    REQUIRE(sim.ready().at("bench") == "acoustic");
    REQUIRE(sim.ready().at("instruments").at(0).at("name") == "audio");
    const Finished finished =
        test::run_command({"/bin/cat", sim.ready().at("config").get<std::string>()});
    for (const std::string& part :
         {sim.address(0), std::string("kind = \"acoustic-instruments\""),
          std::string(
              "sample_rate = 48000, settle_time = 0.1, window_time = 0.05, bins = \"drive\", "
              "tone_amplitude = 0.0"),
          std::string("full_scale_pressure = 2000"), std::string("tone_gains = [")}) {
        INFO(finished.out);
        REQUIRE(test::contains(finished.out, part));
    }
    REQUIRE(sim.status(0).at("outputs").at(0).at("on") == false);
    for (const char* text : {"stall 1", "delay 10", "gain 1", "speaker 2 1", "warm-up 0.1", "swap",
                             "unswap", "kill"}) {
        CAPTURE(text);
        REQUIRE(sim.ctl({"misbehave", "audio", "panel", "--text", text}).status == 0);
    }
    const Finished wrong = sim.ctl({"misbehave", "audio", "panel", "--text", "scream"});
    REQUIRE(wrong.status != 0);
    REQUIRE(test::contains(wrong.err, "valid is stall N, delay FRAMES"));
    REQUIRE(test::contains(sim.ctl({"misbehave", "audio", "panel", "--text", "gain x"}).err,
                           "'x'; a number from 0 to 1e+06 must follow gain"));
}

TEST_CASE("phyllsim says why an acoustic bench cannot be") {
    require_refused({"--bench", "acoustic", "--sample-rate", "1000"}, "sample");
    require_refused({"--bench", "acoustic", "--period", "100"}, "period: 100; valid are powers");
    require_refused({"--bench", "acoustic", "--converter-bits", "40"}, "converter-bits: 40");
}

// In real time, which a sanitizer has not.
TEST_CASE("a plain JACK client plays and records through the virtual cavity", "[long]") {
    const Sim sim({"--bench", "acoustic", "--real-time", "--period", "1024"});
    const double hertz = GENERATE(440.0, 1000.0);
    const std::size_t speaker = hertz < 500 ? 0 : 3;
    CAPTURE(hertz);
    constexpr double played = 0.001;
    constexpr std::size_t frames = 48'000;
    std::array<std::vector<float>, 4> sound;
    sound.fill(std::vector<float>(frames, 0.0F));
    sound[speaker] = sine(hertz, played, frames);
    std::array<std::vector<float>, 2> heard;
    for (int tries = 0; heard[0].empty() && tries < 10; ++tries) {
        const test::JackPeer peer(server_of(sim), sound);
        if (peer.wait()) {
            heard = peer.heard;
        }
    }
    for (std::size_t microphone = 0; microphone < 2; ++microphone) {
        CAPTURE(microphone);
        // What the time step does to the linear response is some thousandths.
        CHECK(amplitude(heard[microphone], hertz, 16'000) ==
              Approx(expected(speaker, microphone, hertz, played)).epsilon(0.02));
    }
}

TEST_CASE("phyllaudio plays and records through ALSA as it does through JACK", "[long]") {
    const Sim sim({"--bench", "acoustic", "--real-time"});
    const test::TempDir home;
    std::ofstream(home.path() / ".asoundrc") << R"(
pcm.card {
    type jack
    playback_ports { 0 room:speaker_1 1 room:speaker_2 2 room:speaker_3 3 room:speaker_4 }
    capture_ports { 0 room:microphone_1 1 room:microphone_2 }
}
)";
    test::Process service({"/usr/bin/env", "HOME=" + home.path().string(),
                           "JACK_DEFAULT_SERVER=" + server_of(sim), PHYLL_BIN_DIR "/phyllaudio",
                           "--api", "ALSA", "--device", "card", "--port", "0", "--period", "256"},
                          home.path() / "log");
    const std::string line = service.read_line();
    const std::size_t begin = line.find("TCPIP0");
    INFO(line);
    REQUIRE(begin != std::string::npos);
    const SystemClock clock;
    instruments::InstrumentSettings settings;
    settings.name = "audio";
    settings.address = line.substr(begin);
    const auto card = instruments::make_served_audio(settings, home.path(), clock);
    card->prepare({.peak = 0.1}, {});
    REQUIRE(card->status().identity.maker == "ALSA");
    constexpr double hertz = 1000;
    constexpr double played = 0.001;
    constexpr std::size_t frames = 48'000;
    const std::vector<float> tone = sine(hertz, played, frames);
    std::vector<float> samples(4 * frames, 0.0F);
    for (std::size_t i = 1; i + 1 < frames; ++i) {
        samples[4 * i + 3] = tone[i];
    }
    audio::Record record;
    for (int tries = 0; tries == 0 || (record.lost && tries < 10); ++tries) {
        record = card->collect(card->play(samples, 0, {}), Seconds(1), {});
    }
    REQUIRE_FALSE(record.lost);
    std::vector<float> heard;
    for (std::size_t i = 0; i < frames; ++i) {
        heard.push_back(record.samples[2 * i]);
    }
    CHECK(amplitude(heard, hertz, 16'000) == Approx(expected(3, 0, hertz, played)).epsilon(0.02));
    service.signal(SIGTERM);
    REQUIRE(service.wait() == 0);
}

TEST_CASE("aplay and arecord play and record through the virtual cavity, by ALSA", "[long]") {
    const Sim sim({"--bench", "acoustic", "--real-time"});
    constexpr double hertz = 580;
    constexpr double played = 0.001;
    const test::TempDir home;
    std::ofstream(home.path() / ".asoundrc") << R"(
pcm.room {
    type jack
    playback_ports { 0 room:speaker_2 }
    capture_ports { 0 room:microphone_1 }
}
)";
    const std::string to_play = home.path() / "tone.wav";
    const std::string recorded = home.path() / "heard.wav";
    {
        const std::vector<float> tone = sine(hertz, played, 4 * 48'000);
        SF_INFO info{};
        info.samplerate = 48'000;
        info.channels = 1;
        info.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
        SNDFILE* const file = sf_open(to_play.c_str(), SFM_WRITE, &info);
        REQUIRE(sf_write_float(file, tone.data(), 4 * 48'000) == 4 * 48'000);
        sf_close(file);
    }
    const auto command = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"/usr/bin/env", "HOME=" + home.path().string(),
                                     "JACK_DEFAULT_SERVER=" + server_of(sim)});
        return words;
    };
    const auto heard_while_played = [&] {
        test::Process play(command({"/usr/bin/aplay", "-q", "-D", "room", to_play}),
                           home.path() / "play.log");
        test::await([&] { return sim.status(0).at("outputs").at(0).at("on").get<bool>(); });
        const Finished record =
            test::run_command(command({"/usr/bin/arecord", "-q", "-D", "room", "-f", "FLOAT_LE",
                                       "-r", "48000", "-c", "1", "-s", "48000", recorded}));
        INFO(record.err);
        REQUIRE(record.status == 0);
        REQUIRE(play.wait() == 0);
        SF_INFO info{};
        SNDFILE* const file = sf_open(recorded.c_str(), SFM_READ, &info);
        REQUIRE(file != nullptr);
        std::vector<float> heard(static_cast<std::size_t>(info.frames));
        REQUIRE(sf_read_float(file, heard.data(), info.frames) == info.frames);
        sf_close(file);
        return amplitude(heard, hertz, 12'000);
    };
    // On a busy machine samples may be lost, which neither of them knows.
    const Approx right = Approx(expected(1, 0, hertz, played)).epsilon(0.02);
    double found = heard_while_played();
    for (int tries = 1; found != right && tries < 5; ++tries) {
        found = heard_while_played();
    }
    CHECK(found == right);
}
