// The driver of a sound card and the service behind which it is, over a real socket; the sound card
// is a thread.
#include "drivers/audio/server.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/temporary_folder.hpp"
#include "drivers/instruments/served_audio.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <optional>
#include <thread>

using namespace phyll;
using namespace phyll::instruments;
using Catch::Contains;

namespace {

constexpr std::size_t period = 64;

/// Plays as fast as it can; its input is its first output, a period later. Watches what it plays.
class ThreadCard {
  public:
    explicit ThreadCard(audio::BlockPlayer& player)
        : player_(player), thread_([this](const std::stop_token& stop) { run(stop); }) {}

    [[nodiscard]] bool sounds() const { return sounds_; }
    [[nodiscard]] float largest_step() const { return largest_step_; }
    void stand_still(bool still) { still_ = still; }
    /// In so many periods, 1 being the next.
    void lose_in(int periods) { lost_in_ = periods; }
    /// A millisecond a period: there is time to look at it.
    void take_time() { slow_ = true; }

  private:
    void run(const std::stop_token& stop) {
        std::vector<float> in(period);
        std::vector<float> out(2 * period);
        float last = 0;
        while (!stop.stop_requested()) {
            if (still_) {
                std::this_thread::yield();
                continue;
            }
            player_.wait_for_work(std::chrono::milliseconds(1));
            player_.process(in.data(), out.data(), period, lost_in_.fetch_sub(1) == 1);
            if (slow_) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
            bool sounds = false;
            for (std::size_t i = 0; i < period; ++i) {
                in[i] = out[2 * i];
                sounds = sounds || in[i] != 0;
                largest_step_ = std::max(largest_step_.load(), std::abs(in[i] - last));
                last = in[i];
            }
            sounds_ = sounds;
        }
    }

    audio::BlockPlayer& player_;
    std::atomic<bool> sounds_ = false;
    std::atomic<bool> still_ = false;
    std::atomic<int> lost_in_ = 0;
    std::atomic<bool> slow_ = false;
    std::atomic<float> largest_step_ = 0;
    std::jthread thread_;
};

struct Studio {
    audio::BlockPlayer player{2, 1, 100};
    ThreadCard card{player};
    boost::asio::io_context context{1};
    std::optional<audio::Server> server{std::in_place,
                                        context.get_executor(),
                                        player,
                                        audio::Description{.rate = 48'000,
                                                           .outputs = 2,
                                                           .inputs = 1,
                                                           .most_frames = 100'000,
                                                           .maker = "test",
                                                           .model = "card",
                                                           .serial = "PHYLLSIM-T1",
                                                           .version = "1"},
                                        audio::Limits{.peak = 0.9},
                                        "127.0.0.1",
                                        std::uint16_t{0}};
    std::uint16_t port = server->port();
    std::thread thread{[this] { context.run(); }};
    TemporaryFolder folder{"audio"};
    SystemClock clock;

    ~Studio() {
        context.stop();
        thread.join();
        server.reset();
    }

    [[nodiscard]] std::unique_ptr<AudioDuplex> audio(const std::string& name = "audio") const {
        InstrumentSettings settings;
        settings.name = name;
        settings.kind = "audio";
        settings.address = fmt::format("TCPIP0::127.0.0.1::{}::SOCKET", port);
        settings.is_virtual = true;
        return make_served_audio(settings, folder.path(), clock);
    }
};

/// A slow sine on output 1, from silence to silence.
std::vector<float> hum(std::size_t frames, float amplitude) {
    std::vector<float> samples(2 * frames, 0.0F);
    for (std::size_t i = 0; i < frames; ++i) {
        const double share = static_cast<double>(i) / static_cast<double>(frames - 1);
        samples[2 * i] = amplitude * static_cast<float>(std::sin(20 * 3.141592653589793 * share));
    }
    samples[0] = samples[2 * frames - 2] = 0.0F;
    return samples;
}

Code code_of(const std::function<void()>& what) {
    try {
        what();
        return Code::ok;
    } catch (const Error& error) {
        return error.code();
    }
}

} // namespace

TEST_CASE("a sound card plays what it is sent, and its record is aligned to the sample") {
    Studio studio;
    const auto card = studio.audio();
    card->prepare({.peak = 0.5}, {});
    CHECK(card->format().rate == 48'000);
    CHECK(card->format().outputs == 2);
    CHECK(card->status().identity.serial == "PHYLLSIM-T1");
    const std::vector<float> sent = hum(5'000, 0.4F);
    studio.card.stand_still(true); // so that one follows the other
    const std::uint32_t first = card->play(sent, 200, {});
    const std::uint32_t second = card->play(sent, 200, {});
    studio.card.stand_still(false);
    const audio::Record one = card->collect(first, Seconds(10), {});
    const audio::Record two = card->collect(second, Seconds(10), {});
    REQUIRE(one.samples.size() == 5'200);
    for (std::size_t i = 0; i < 5'000; ++i) {
        REQUIRE(one.samples[i + period] == sent[2 * i]);
        REQUIRE(two.samples[i + period] == sent[2 * i]);
    }
    CHECK(two.position == one.position + 5'000);
}

TEST_CASE("neither side lets out what is beyond the limits") {
    Studio studio;
    const auto card = studio.audio();
    card->prepare({.peak = 0.5}, {});
    CHECK(code_of([&] { static_cast<void>(card->play(hum(100, 0.6F), 0, {})); }) ==
          Code::out_of_range);
    // The service's own limit holds whatever its client thinks.
    card->prepare({.peak = 1.0}, {});
    REQUIRE_THROWS_WITH(card->play(hum(100, 0.95F), 0, {}),
                        Contains("it refuses") && Contains("0.9 is the limit"));
    CHECK_FALSE(studio.card.sounds());
    CHECK(studio.card.largest_step() == 0.0F);
    card->prepare({.peak = 0.5}, {});
    CHECK(card->collect(card->play(hum(100, 0.4F), 0, {}), Seconds(10), {}).samples.size() == 100);
    CHECK(code_of([&] { static_cast<void>(card->play(hum(200'000, 0.1F), 0, {})); }) ==
          Code::unavailable); // longer than it takes
}

TEST_CASE("a sound card is silent when it is made safe, or when nobody is connected any more") {
    Studio studio;
    auto card = studio.audio();
    card->prepare({}, {});
    studio.card.take_time();
    static_cast<void>(card->play(hum(90'000, 0.5F), 0, {}));
    while (!studio.card.sounds()) {
        std::this_thread::yield();
    }
    SECTION("made safe") {
        REQUIRE(card->make_safe().state == SafeState::State::safe);
        REQUIRE_FALSE(studio.card.sounds());
    }
    SECTION("gone") {
        card.reset();
        while (studio.card.sounds()) {
            std::this_thread::yield();
        }
    }
    // 100 frames from 0.5 to silence, beside what the sine itself does.
    CHECK(studio.card.largest_step() < 0.01F);
    if (card == nullptr) {
        card = studio.audio("other");
    }
    card->prepare({}, {});
    CHECK(card->collect(card->play(hum(100, 0.4F), 0, {}), Seconds(10), {}).samples.size() == 100);
}

TEST_CASE("a record in which samples were lost says so") {
    Studio studio;
    const auto card = studio.audio();
    card->prepare({}, {});
    studio.card.stand_still(true);
    const std::uint32_t number = card->play(hum(50'000, 0.5F), 0, {});
    studio.card.lose_in(5);
    studio.card.stand_still(false);
    REQUIRE(card->collect(number, Seconds(10), {}).lost);
}

TEST_CASE("a stop ends the wait for a record, and a sound card that stands still is given up") {
    Studio studio;
    const auto card = studio.audio();
    card->prepare({}, {});
    studio.card.stand_still(true);
    const std::uint32_t number = card->play(hum(100, 0.1F), 0, {});
    std::jthread stopper;
    std::stop_source stop;
    SECTION("stop") {
        stopper = std::jthread([&] { stop.request_stop(); });
        REQUIRE(code_of([&] {
                    static_cast<void>(card->collect(number, Seconds(1'000),
                                                    {.deadline = {}, .stop = stop.get_token()}));
                }) == Code::cancelled);
    }
    SECTION("deadline") {
        const Deadline soon = Deadline::after(studio.clock, Seconds(0.05));
        REQUIRE(code_of([&] {
                    static_cast<void>(
                        card->collect(number, Seconds(1'000), {.deadline = soon, .stop = {}}));
                }) == Code::deadline_exceeded);
    }
    SECTION("stands still") {
        const auto impatient = [&] {
            static_cast<void>(card->collect(number, Seconds(-4.9), {})); // and its timeout, 5 s
        };
        REQUIRE_THROWS_WITH(impatient(), Contains("the sound card stands still"));
    }
    studio.card.stand_still(false);
    REQUIRE(card->make_safe().state == SafeState::State::safe);
}

TEST_CASE("who comes second to a sound card is told that somebody else is there") {
    const Studio studio;
    const auto first = studio.audio();
    first->prepare({}, {});
    InstrumentSettings settings;
    settings.name = "second";
    settings.address = fmt::format("TCPIP0::127.0.0.1::{}::SOCKET", studio.port);
    settings.is_virtual = true;
    const TemporaryFolder elsewhere("audio");
    const auto second = make_served_audio(settings, elsewhere.path(), studio.clock);
    REQUIRE_THROWS_WITH(second->connect({}),
                        "second: it refuses: somebody else is connected to the sound card");
}
