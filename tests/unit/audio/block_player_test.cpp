// What happens in the sound card's callback.
#include "drivers/audio/block_player.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <thread>

using namespace phyll;
using namespace phyll::audio;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t outputs = 2;
constexpr std::size_t ramp = 10;

/// A sound card whose input is what it played `latency` frames before on output 1.
class Card {
  public:
    explicit Card(BlockPlayer& player, std::size_t latency = 0)
        : player_(player), waiting_(latency, 0.0F) {}

    void run(std::size_t frames, bool lost = false) {
        std::vector<float> in;
        std::vector<float> out(frames * outputs, 9.0F);
        // A card with a latency has its input before its output.
        for (std::size_t i = 0; i < frames; ++i) {
            in.push_back(i < waiting_.size() ? waiting_[i] : 0.0F);
        }
        player_.process(in.data(), out.data(), frames, lost);
        for (std::size_t i = 0; i < frames; ++i) {
            waiting_.push_back(out[i * outputs]);
            played.push_back(out[i * outputs]);
        }
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(frames));
    }

    std::vector<float> played; ///< output 1

  private:
    BlockPlayer& player_;
    std::vector<float> waiting_;
};

/// 1, 2, 3, ... thousandths from `first` on.
Block counting(std::size_t frames, int first, std::size_t longer) {
    Block block{.longer = longer, .samples = {}};
    for (std::size_t i = 0; i < frames; ++i) {
        block.samples.push_back(0.001F * static_cast<float>(first + static_cast<int>(i)));
        block.samples.push_back(-1.0F);
    }
    return block;
}

} // namespace

TEST_CASE("blocks are played one after the other without a gap, whatever the periods") {
    const std::size_t period = GENERATE(1, 3, 7, 64, 500);
    CAPTURE(period);
    BlockPlayer player(outputs, 1, ramp);
    Card card(player);
    card.run(5);
    const std::uint32_t first = player.queue(counting(20, 1, 0));
    const std::uint32_t second = player.queue(counting(30, 21, 0));
    while (card.played.size() < 100) {
        card.run(period);
    }
    for (std::size_t i = 0; i < 100; ++i) {
        CAPTURE(i);
        const std::size_t at = i - 5;
        REQUIRE(card.played[i] == (i >= 5 && at < 50 ? 0.001F * static_cast<float>(at + 1) : 0.0F));
    }
    REQUIRE(player.take(first)->position == 5);
    REQUIRE(player.take(second)->position == 25);
    REQUIRE(player.position() == card.played.size());
}

TEST_CASE("a record is of the frames of its block, and of some after it") {
    const std::size_t period = GENERATE(1, 7, 64);
    CAPTURE(period);
    constexpr std::size_t latency = 64;
    BlockPlayer player(outputs, 1, ramp);
    Card card(player, latency);
    card.run(3);
    const std::uint32_t first = player.queue(counting(200, 1, latency));
    const std::uint32_t second = player.queue(counting(100, 501, latency));
    while (card.played.size() < 3 + 300 + latency) {
        REQUIRE_FALSE(player.take(second).has_value());
        card.run(period);
    }
    const auto record = player.take(first);
    REQUIRE(record->samples.size() == 200 + latency);
    CHECK_FALSE(record->lost);
    for (std::size_t i = 0; i < 200; ++i) {
        REQUIRE(record->samples[latency + i] == 0.001F * static_cast<float>(i + 1));
    }
    // What is recorded after a block is what was recorded of the next one, too.
    REQUIRE(player.take(second)->samples[latency] == 0.001F * 501.0F);
    REQUIRE_THROWS_WITH(player.take(first), "there is no block 0");
}

TEST_CASE("lost samples void what was played or recorded then, and nothing else") {
    BlockPlayer player(outputs, 1, ramp);
    Card card(player);
    const std::uint32_t before = player.queue(counting(50, 1, 0));
    card.run(50);
    const std::uint32_t first = player.queue(counting(100, 1, 20));
    const std::uint32_t second = player.queue(counting(50, 1, 0));
    card.run(64);
    card.run(64, true);
    card.run(64);
    const std::uint32_t after = player.queue(counting(10, 1, 0));
    card.run(64);
    CHECK_FALSE(player.take(before)->lost);
    CHECK(player.take(first)->lost);
    CHECK_FALSE(player.take(second)->lost); // it began after that
    CHECK_FALSE(player.take(after)->lost);
}

TEST_CASE("silence is reached by a ramp, and what was queued is forgotten") {
    BlockPlayer player(outputs, 1, ramp);
    Card card(player);
    Block loud{.longer = 0, .samples = std::vector<float>(2'000, 1.0F)};
    static_cast<void>(player.queue(loud));
    static_cast<void>(player.queue(loud));
    card.run(100);
    player.hush();
    REQUIRE_THROWS_AS(player.queue(loud), Error);
    card.run(4);
    card.run(100);
    for (int k = 0; player.hushing() && k < 10; ++k) {
        card.run(100);
    }
    REQUIRE_FALSE(player.hushing());
    REQUIRE(card.played[99] == 1.0F);
    for (std::size_t i = 100; i < card.played.size(); ++i) {
        CAPTURE(i);
        CHECK(card.played[i - 1] - card.played[i] <= 1.0F / ramp + 1e-6F);
        CHECK(card.played[i] <= card.played[i - 1]);
        CHECK((i < 100 + ramp || card.played[i] == 0.0F));
    }
    REQUIRE(player.take(0)->lost);
    player.forget();
    // As if nothing had been.
    const std::uint32_t next = player.queue(counting(20, 1, 0));
    card.run(20);
    CHECK(card.played.back() == 0.001F * 20.0F);
    CHECK(player.take(next).has_value());
}

TEST_CASE("who is silent already has silence soon, and what was recorded can be had no more") {
    BlockPlayer player(outputs, 1, ramp);
    Card card(player);
    const std::uint32_t done = player.queue(counting(20, 1, 0));
    card.run(50);
    player.hush();
    for (int k = 0; player.hushing(); ++k) {
        REQUIRE(k < 5);
        card.run(16);
    }
    player.forget();
    REQUIRE_THROWS_AS(player.take(done), Error);
}

TEST_CASE("no more blocks are queued than there is room for") {
    BlockPlayer player(outputs, 1, ramp);
    Card card(player);
    std::uint32_t number = 0;
    for (std::size_t k = 0; k < BlockPlayer::most_blocks; ++k) {
        number = player.queue(counting(20, 1, 0));
    }
    REQUIRE_THROWS_WITH(player.queue(counting(20, 1, 0)), Catch::Contains("4 blocks"));
    card.run(200);
    REQUIRE_THROWS_AS(player.queue(counting(20, 1, 0)), Error); // not taken yet
    static_cast<void>(player.take(number));
    // Whichever is taken makes room, for more than one round.
    for (std::uint32_t next = number + 1; next < number + 8; ++next) {
        REQUIRE(player.queue(counting(20, 1, 0)) == next);
        card.run(50);
        REQUIRE(player.take(next)->samples.size() == 20);
    }
}

TEST_CASE("a sound card in step waits for a block, but not for ever") {
    BlockPlayer player(outputs, 1, ramp);
    const auto start = std::chrono::steady_clock::now();
    player.wait_for_work(milliseconds(5));
    REQUIRE(std::chrono::steady_clock::now() - start >= milliseconds(5));
    std::jthread later([&] { static_cast<void>(player.queue(counting(20, 1, 0))); });
    player.wait_for_work(std::chrono::minutes(10));
    player.wait_for_work(std::chrono::minutes(10)); // there is one
}
