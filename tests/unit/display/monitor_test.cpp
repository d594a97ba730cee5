#include "drivers/display/monitor.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string_view>

using namespace phyll::display;

namespace {

/// Of the maker "HOL" (8, 15, 12 of the alphabet), product 0x1234, number 99.
std::vector<unsigned char> edid() {
    std::vector<unsigned char> bytes(128, 0);
    const std::array<unsigned char, 16> opening = {0,    255,  255,  255,  255, 255, 255, 0,
                                                   0x21, 0xEC, 0x34, 0x12, 99,  0,   0,   0};
    std::copy(opening.begin(), opening.end(), bytes.begin());
    // A timing, which is no text.
    bytes[54] = 1;
    return bytes;
}

void put(std::vector<unsigned char>& bytes, std::size_t place, unsigned char tag,
         std::string_view text) {
    bytes[place + 3] = tag;
    std::copy(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(place + 5));
}

} // namespace

TEST_CASE("a monitor is known by its maker, product and number") {
    const MonitorIdentity identity = identity_from_edid(edid());
    REQUIRE(identity.maker == "HOL");
    REQUIRE(identity.model == "1234");
    REQUIRE(identity.serial == "99");
}

TEST_CASE("a monitor that has them in words is known by those") {
    std::vector<unsigned char> bytes = edid();
    put(bytes, 72, 0xFC, "PLUTO-2\n     ");
    put(bytes, 90, 0xFF, "0123456789abc");
    const MonitorIdentity identity = identity_from_edid(bytes);
    REQUIRE(identity.model == "PLUTO-2");
    REQUIRE(identity.serial == "0123456789abc");
}

TEST_CASE("a monitor that says nothing, or no sense, is not known") {
    std::vector<unsigned char> bytes = edid();
    bytes[0] = 1;
    for (const auto& each : {std::vector<unsigned char>{}, bytes}) {
        const MonitorIdentity identity = identity_from_edid(each);
        REQUIRE(identity.maker.empty());
        REQUIRE(identity.model.empty());
        REQUIRE(identity.serial.empty());
    }
}
