#include "drivers/core/random.hpp"
#include "drivers/instruments/metasurface_protocol.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

using namespace phyll;
using namespace phyll::instruments;

namespace {

using Bytes = std::vector<std::byte>;
using Reply = MetasurfaceProtocol::Reply;

Bytes bytes(std::initializer_list<unsigned> numbers) {
    Bytes all;
    for (const unsigned number : numbers) {
        all.push_back(static_cast<std::byte>(number));
    }
    return all;
}

/// The checksum as docs/metasurface-protocol.md describes it, bit by bit.
std::uint16_t checksum(const Bytes& data, std::size_t first) {
    unsigned crc = 0xFFFF;
    for (std::size_t i = first; i < data.size(); ++i) {
        crc ^= std::to_integer<unsigned>(data[i]) << 8U;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 0x8000U) != 0 ? ((crc << 1U) ^ 0x1021U) & 0xFFFFU : (crc << 1U) & 0xFFFFU;
        }
    }
    return static_cast<std::uint16_t>(crc);
}

Bytes with_checksum(Bytes frame) {
    const std::uint16_t check = checksum(frame, 2);
    frame.push_back(static_cast<std::byte>(check & 0xFFU));
    frame.push_back(static_cast<std::byte>(check >> 8U));
    return frame;
}

Bytes shown(unsigned sequence, const Bytes& request) {
    const Bytes payload(request.begin() + 6, request.end() - 2);
    const unsigned check = checksum(payload, 0);
    return with_checksum(bytes({0xA5, 0x5A, 0x82, sequence, 2, 0, check & 0xFFU, check >> 8U}));
}

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

} // namespace

TEST_CASE("the checksum is the one that is described") {
    Bytes digits;
    for (const char c : std::string("123456789")) {
        digits.push_back(static_cast<std::byte>(c));
    }
    REQUIRE(checksum(digits, 0) == 0x29B1);
}

TEST_CASE("requests are frames, to the byte") {
    const auto frames = make_phyll_frames();
    REQUIRE(frames->identify().bytes == with_checksum(bytes({0xA5, 0x5A, 0x01, 1, 0, 0})));
    const std::vector<std::uint8_t> ten{1, 0, 0, 0, 0, 0, 0, 1, 0, 1};
    REQUIRE(frames->pattern(ten).bytes ==
            with_checksum(bytes({0xA5, 0x5A, 0x02, 2, 4, 0, 10, 0, 0x81, 0x02})));
    REQUIRE(frames->pattern(ten).bytes[3] == std::byte{3});
}

TEST_CASE("an identity is read, and noise before it passed over") {
    const auto frames = make_phyll_frames();
    const auto request = frames->identify();
    Bytes reply = bytes({0xA5, 0x5A, 0x81, 1, 13, 0, 40, 0});
    for (const char c : std::string("Acme,M,S1,1")) {
        reply.push_back(static_cast<std::byte>(c));
    }
    Bytes received = bytes({0x00, 0xA5, 0xA5, 0x5A, 0xFF}) + with_checksum(reply);
    const auto found = frames->reply_to(request, received);
    REQUIRE(found);
    REQUIRE(found->kind == Reply::Kind::identity);
    REQUIRE(found->atoms == 40);
    REQUIRE(found->identity.in_words() == "Acme M, serial S1");
    REQUIRE(received.empty());
}

TEST_CASE("only the acknowledgement of that very pattern counts") {
    const auto frames = make_phyll_frames();
    const auto first = frames->pattern(std::vector<std::uint8_t>{1, 0, 1});
    const auto second = frames->pattern(std::vector<std::uint8_t>{0, 1, 0});
    Bytes late = shown(1, first.bytes);
    REQUIRE_FALSE(frames->reply_to(second, late));
    Bytes other = shown(2, first.bytes);
    REQUIRE_FALSE(frames->reply_to(second, other));
    Bytes right = shown(1, first.bytes) + shown(2, second.bytes) + bytes({0xA5});
    REQUIRE(frames->reply_to(second, right)->kind == Reply::Kind::shown);
    REQUIRE(right.size() == 1);
}

TEST_CASE("a refusal is in the controller's words") {
    const auto frames = make_phyll_frames();
    const auto request = frames->pattern(std::vector<std::uint8_t>{1});
    Bytes received = with_checksum(bytes({0xA5, 0x5A, 0x8F, 1, 4, 0, 3, 'n', 'o', '!'}));
    const auto reply = frames->reply_to(request, received);
    REQUIRE(reply->kind == Reply::Kind::refused);
    REQUIRE(reply->reason == "no! (code 3)");
}

TEST_CASE("a reply is found however it is cut, and none in what was garbled") {
    const auto frames = make_phyll_frames();
    const auto request = frames->pattern(std::vector<std::uint8_t>{1, 1, 0, 1});
    const Bytes reply = shown(1, request.bytes);
    Bytes received;
    for (std::size_t i = 0; i + 1 < reply.size(); ++i) {
        received.push_back(reply[i]);
        REQUIRE_FALSE(frames->reply_to(request, received));
    }
    received.push_back(reply.back());
    REQUIRE(frames->reply_to(request, received));
    for (std::size_t i = 0; i < reply.size(); ++i) {
        CAPTURE(i);
        Bytes garbled = reply;
        garbled[i] ^= std::byte{0x10};
        REQUIRE_FALSE(frames->reply_to(request, garbled));
    }
}

TEST_CASE("whatever comes is read without harm, and a reply behind it is found") {
    const auto frames = make_phyll_frames();
    const auto request = frames->pattern(std::vector<std::uint8_t>{1, 0, 0, 1});
    const KeyedRandom random(7, "noise");
    for (std::uint64_t round = 0; round < 2000; ++round) {
        Bytes noise;
        for (std::uint64_t i = 0; i < random.bits(round, 0) % 40; ++i) {
            const auto number = random.bits(round, i + 1);
            // Mostly what frames begin with.
            noise.push_back(
                number % 3 == 0
                    ? std::byte{0xA5}
                    : (number % 3 == 1 ? std::byte{0x5A} : static_cast<std::byte>(number >> 8U)));
        }
        // Noise may end in what could be a frame of up to 1,030 bytes, which is waited for.
        Bytes received = noise + Bytes(1040) + shown(1, request.bytes);
        CAPTURE(round);
        REQUIRE(frames->reply_to(request, received));
    }
}
