#include "drivers/core/error.hpp"
#include "drivers/display/protocol.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace phyll;
using namespace phyll::display;

namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

} // namespace

TEST_CASE("a message comes out as it went in, also in pieces") {
    const std::vector<std::byte> sent = encode(framing, Kind::show, 7, "levels");
    std::vector<std::byte> received;
    for (std::size_t k = 0; k + 1 < sent.size(); ++k) {
        received.push_back(sent[k]);
        REQUIRE_FALSE(take_message(framing, received));
    }
    received.push_back(sent.back());
    const std::vector<std::byte> next = encode(framing, Kind::describe, 8);
    received.insert(received.end(), next.begin(), next.end());

    const auto first = take_message(framing, received);
    REQUIRE(first);
    REQUIRE(first->kind == Kind::show);
    REQUIRE(first->sequence == 7);
    REQUIRE(text_of(first->content) == "levels");
    const auto second = take_message(framing, received);
    REQUIRE(second);
    REQUIRE(second->kind == Kind::describe);
    REQUIRE(second->sequence == 8);
    REQUIRE(second->content.empty());
    REQUIRE(received.empty());
}

TEST_CASE("a message's bytes are these") {
    const std::vector<std::byte> sent = encode(framing, Kind::shown, 0x01020304, "x");
    REQUIRE(sent == bytes_of(std::string_view("SLM1\x04\0\0\0\x04\x03\x02\x01\x01\0\0\0x", 17)));
}

TEST_CASE("what is no message of a display is said to be none") {
    std::vector<std::byte> received = bytes_of("GET / HTTP/1.1");
    REQUIRE_THROWS_WITH(take_message(framing, received), "what came is no message of a display");
    received = bytes_of(std::string_view("SLM1\x09\0\0\0\0\0\0\0\0\0\0\0", 16));
    REQUIRE_THROWS_WITH(take_message(framing, received), "no message of a display is of kind 9");
    received = bytes_of(std::string_view("SLM1\x03\0\0\0\0\0\0\0\0\0\0\x7f", 16));
    REQUIRE_THROWS_AS(take_message(framing, received), Error);
}

TEST_CASE("whatever comes is a message, the beginning of one or an error") {
    std::mt19937 random(3);
    for (int round = 0; round < 5000; ++round) {
        std::vector<std::byte> received =
            encode(framing, Kind::description, 3, "1272 1024\na\nb\nc\nd\n");
        const std::size_t changes = random() % 4;
        for (std::size_t k = 0; k < changes; ++k) {
            received[random() % received.size()] = static_cast<std::byte>(random());
        }
        received.resize(random() % (received.size() + 1));
        try {
            if (const auto message = take_message(framing, received)) {
                static_cast<void>(description_from(message->content));
            }
        } catch (const Error& error) {
            REQUIRE(error.code() == Code::data_loss);
        }
    }
}

TEST_CASE("a display's description comes out as it went in") {
    const Description display{.width = 1272,
                              .height = 1024,
                              .maker = "HOL",
                              .model = "PLUTO 2",
                              .serial = "",
                              .version = "0.1.0"};
    REQUIRE(description_from(bytes_of(to_content(display))) == display);
}

TEST_CASE("a description that makes no sense is refused") {
    const auto* const text =
        GENERATE("", "1272\na\nb\nc\nd\n", "0 1024\na\nb\nc\nd\n", "1272 1024\na\nb\nc\n",
                 "-1 1024\na\nb\nc\nd\n", "1272 99999\na\nb\nc\nd\n", "12 13 14\na\nb\nc\nd\n");
    CAPTURE(text);
    REQUIRE_THROWS_WITH(description_from(bytes_of(text)),
                        "what the display says of itself makes no sense");
}
