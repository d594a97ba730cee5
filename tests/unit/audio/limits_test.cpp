// What never leaves an output.
#include "drivers/audio/limits.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace phyll;
using audio::Limits;
using Catch::Contains;

namespace {

/// Two outputs, the first silent, the second at a level for some of the frames.
std::vector<float> block(std::size_t frames, std::size_t driven, float level) {
    std::vector<float> samples(2 * frames, 0.0F);
    for (std::size_t k = 1; k <= driven; ++k) {
        samples[2 * k + 1] = level;
    }
    return samples;
}

void require_beyond(const Limits& limits, const std::vector<float>& samples, const char* why) {
    try {
        limits.check(samples, 2);
        FAIL("it was let out");
    } catch (const Error& error) {
        CHECK(error.code() == Code::out_of_range);
        CHECK_THAT(error.what(), Contains(why));
    }
}

} // namespace

TEST_CASE("a sample beyond the peak, of either sign, does not leave, and no number does not") {
    const Limits limits{.peak = 0.5};
    limits.check(block(10, 4, 0.5F), 2);
    limits.check(block(10, 4, -0.5F), 2);
    require_beyond(limits, block(10, 4, 0.51F), "a peak of 0.51 at output 2; 0.5 is the limit");
    require_beyond(limits, block(10, 4, -0.51F), "a peak");
    require_beyond(limits, block(10, 1, std::numeric_limits<float>::quiet_NaN()), "a peak");
    require_beyond(limits, block(10, 1, std::numeric_limits<float>::infinity()), "a peak");
}

TEST_CASE("an output that is driven too hard or too long over a block does not leave") {
    // 4 of 16 frames at 0.8: 0.4 root mean square.
    require_beyond({.rms = 0.39}, block(16, 4, 0.8F), "a root mean square of 0.4 at output 2");
    Limits{.rms = 0.41}.check(block(16, 4, 0.8F), 2);
    require_beyond({.duty = 0.2}, block(16, 4, 0.8F), "a duty of 0.25 at output 2");
    Limits{.duty = 0.25}.check(block(16, 4, 0.8F), 2);
}

TEST_CASE("a block begins and ends in silence, and has whole frames") {
    const Limits limits;
    std::vector<float> samples = block(10, 8, 0.1F);
    limits.check(samples, 2);
    samples.back() = 0.001F;
    REQUIRE_THROWS_WITH(limits.check(samples, 2), "a block does not end in silence");
    samples.back() = 0.0F;
    samples.front() = 0.001F;
    REQUIRE_THROWS_WITH(limits.check(samples, 2), "a block does not begin in silence");
    REQUIRE_THROWS_AS(limits.check({}, 2), Error);
    REQUIRE_THROWS_AS(limits.check(std::vector<float>(5), 2), Error);
}

TEST_CASE("of two limits both hold") {
    const Limits both =
        Limits{.peak = 0.5, .rms = 0.0, .duty = 0.9}.and_also({.peak = 0.7, .rms = 0.2});
    CHECK(both == Limits{.peak = 0.5, .rms = 0.2, .duty = 0.9});
    CHECK(Limits{.rms = 0.3}.and_also({.rms = 0.2}).rms == 0.2);
    CHECK(both.in_words() == std::vector<std::string>{"0.5 of full scale peak",
                                                      "0.2 of full scale rms",
                                                      "90 % of the time driven"});
    REQUIRE_THROWS_WITH((Limits{.peak = 1.5}.check()), Contains("limit_peak: 1.5"));
    REQUIRE_THROWS_WITH((Limits{.rms = -1}.check()), Contains("limit_rms: -1"));
    REQUIRE_THROWS_WITH((Limits{.duty = 0}.check()), Contains("limit_duty: 0"));
}
