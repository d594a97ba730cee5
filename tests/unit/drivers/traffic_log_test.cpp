#include "drivers/transports/traffic_log.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace phyll;
using transports::printable;
using transports::TrafficLog;

namespace {

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

} // namespace

TEST_CASE("messages are shown as text, blocks by their size") {
    REQUIRE(printable(bytes("*IDN?")) == "*IDN?");
    REQUIRE(printable(bytes(std::string_view("a\0b", 3))) == "a<00 62>");
    std::string block = "DATA:ARB:DAC PHYLL1,#44096";
    block.append(4096, '\x01');
    REQUIRE(printable(bytes(block)) == "DATA:ARB:DAC PHYLL1,#44096<4,096 bytes>");
    const std::string shortened = printable(bytes(std::string(1000, 'x')));
    REQUIRE(shortened.size() == 411);
    REQUIRE(shortened.ends_with("x<600 bytes>"));
    REQUIRE(printable({}).empty());
}

TEST_CASE("traffic is logged while that is on, and the last thousand messages are kept") {
    ManualClock clock;
    TrafficLog log(clock);
    log.sent(bytes("lost"));
    REQUIRE(log.after(0).empty());
    log.turn(true);
    log.sent(bytes("*IDN?"));
    log.received(bytes("maker"));
    log.remark("timed out");
    const auto all = log.after(0);
    REQUIRE(all.size() == 3);
    REQUIRE(all[0].number == 1);
    REQUIRE(all[0].kind == TrafficLog::Kind::sent);
    REQUIRE(all[1].kind == TrafficLog::Kind::received);
    REQUIRE(all[2].text == "timed out");
    REQUIRE(log.after(2).size() == 1);
    for (std::size_t i = 0; i < TrafficLog::kept; ++i) {
        log.sent(bytes("again"));
    }
    REQUIRE(log.after(0).size() == TrafficLog::kept);
    REQUIRE(log.after(0).front().number == 4);
    log.turn(false);
    log.sent(bytes("lost"));
    REQUIRE(log.after(0).back().number == 1003);
}
