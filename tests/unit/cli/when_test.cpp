#include "clients/cli/when.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

#include <ctime>

using namespace phyll;
using cli::parse_when;

namespace {

constexpr double now = 1'800'000'000;

/// What the machine's clock showed.
std::string shown(double seconds) {
    const auto time = static_cast<std::time_t>(seconds);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", std::localtime(&time));
    return text;
}

} // namespace

TEST_CASE("a time before now is a number with its unit") {
    REQUIRE(parse_when("--since", "90min", now) == now - 5400);
    REQUIRE(parse_when("--since", "2h", now) == now - 7200);
    REQUIRE(parse_when("--since", "3d", now) == now - 3 * 86400);
    REQUIRE(parse_when("--since", "0d", now) == now);
}

TEST_CASE("a date is its first moment, a time that minute, both of this machine's clock") {
    REQUIRE(shown(parse_when("--since", "2026-11-24", now)) == "2026-11-24 00:00:00");
    REQUIRE(shown(parse_when("--since", "2026-11-24T10:00", now)) == "2026-11-24 10:00:00");
    REQUIRE(shown(parse_when("--since", "2028-02-29T23:59:58", now)) == "2028-02-29 23:59:58");
}

TEST_CASE("what is no time is refused by name, with what is valid") {
    for (const char* text :
         {"", "yesterday", "2h3", "h", "-2h", "2 h", "2m", "1e3h", "99999999999h", "2026-11",
          "2026-13-01", "2026-02-30", "2026-11-24 10:00", "2026-11-24T25:00", "2026-11-24T10:60",
          "2026-11-24T10", "2026/11/24", "20261124"}) {
        INFO(text);
        try {
            static_cast<void>(parse_when("--since", text, now));
            FAIL("it is no time");
        } catch (const Error& error) {
            REQUIRE(error.code() == Code::invalid_argument);
            const std::string message = error.what();
            REQUIRE(message.find("--since: '" + std::string(text) + "'") == 0);
            REQUIRE(message.find("2026-11-24T10:00") != std::string::npos);
        }
    }
}
