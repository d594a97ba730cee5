// The metasurface controller and its serial line, by a client that knows
// docs/metasurface-protocol.md.

#include "sim/bench/microwave/frames.hpp"
#include "sim/bench/microwave/microwave_bench.hpp"
#include "tests/support/await.hpp"
#include "tests/unit/bench/serial_client.hpp"
#include "tests/unit/bench/small_cavity.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

using namespace phyll;
using namespace std::chrono_literals;
using bench::Bench;
using bench::Fault;
using bench::Frame;
using test::SerialClient;

namespace {

constexpr std::uint8_t identify = 0x01;
constexpr std::uint8_t show = 0x02;
constexpr std::uint8_t state = 0x03;
constexpr std::uint8_t identity = 0x81;
constexpr std::uint8_t shown = 0x82;
constexpr std::uint8_t state_reply = 0x83;
constexpr std::uint8_t refused = 0x8F;

/// Ten meta-atoms: 1, 4 and 9 are on.
const std::string pattern{"\x0a\x00\x12\x02", 4};
const std::string all_off{"\x0a\x00\x00\x00", 4};

/// A bench and a client of its controller.
struct Controller {
    Controller() : bench(*bench::microwave_plan(test::small_cavity())) {}

    /// Nothing when none comes within `patience`.
    std::optional<Frame> reply(std::chrono::milliseconds patience = 20s) {
        bench::FrameCutter cutter;
        while (true) {
            const std::string byte = client->read(1, patience);
            if (byte.empty()) {
                return std::nullopt;
            }
            cutter.append(byte);
            if (const auto frame = cutter.next()) {
                return bench::decoded(*frame);
            }
        }
    }
    Frame ask(const Frame& request) {
        client->send(bench::encoded(request));
        const std::optional<Frame> answer = reply();
        REQUIRE(answer);
        REQUIRE(answer->sequence == request.sequence);
        return *answer;
    }
    void misbehave(const bench::Misbehave& order) { bench.misbehave("metasurface", order); }

    Bench bench;
    std::optional<SerialClient> client{std::in_place, bench.addresses().at(1)};
};

} // namespace

TEST_CASE("a frame is what the protocol's document says, byte for byte") {
    REQUIRE(bench::frame_checksum("123456789") == 0x29B1);
    const std::string frame = bench::encoded({.type = 0x02, .sequence = 7, .payload = "ab"});
    REQUIRE(frame.substr(0, 8) == std::string("\xA5\x5A\x02\x07\x02\x00"
                                              "ab",
                                              8));
    const std::uint16_t sum = bench::frame_checksum(frame.substr(2, 6));
    REQUIRE(frame.substr(8) == bench::little_endian(sum));
    const Frame back = bench::decoded(frame);
    REQUIRE(back.type == 0x02);
    REQUIRE(back.sequence == 7);
    REQUIRE(back.payload == "ab");
}

TEST_CASE("frames are found among bytes that are none, however these are cut") {
    const std::string one = bench::encoded({.type = 1, .sequence = 1, .payload = {}});
    const std::string two = bench::encoded({.type = 2, .sequence = 2, .payload = "\xA5\x5A\x01"});
    std::string wrong = two;
    wrong[7] = 'x';
    const std::string endless("\xA5\x5A\x02\x00\x01\x04", 6); // 1025 bytes are too many
    const std::string bytes = "noise\xA5" + one + "\xA5" + wrong + endless + two + "\xA5";
    const std::size_t step = GENERATE(1, 2, 5, 1000);
    bench::FrameCutter cutter;
    std::vector<std::string> found;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        cutter.append(std::string_view(bytes).substr(at, step));
        while (auto frame = cutter.next()) {
            found.push_back(*frame);
        }
    }
    REQUIRE(found == std::vector<std::string>{one, two});
}

TEST_CASE("a frame that was begun holds up the next one no longer than the line is silent") {
    const std::string frame = bench::encoded({.type = 1, .sequence = 1, .payload = {}});
    bench::FrameCutter cutter;
    cutter.append(std::string("\xA5\x5A\x02\x00\x00\x04", 6) + frame);
    REQUIRE_FALSE(cutter.next());
    cutter.silence();
    REQUIRE(cutter.next() == frame);
    REQUIRE_FALSE(cutter.next());
}

TEST_CASE("the controller says who it is, shows patterns and says what it shows") {
    Controller controller;
    const Frame who = controller.ask({.type = identify, .sequence = 1, .payload = {}});
    REQUIRE(who.type == identity);
    REQUIRE(who.payload.substr(0, 2) == std::string("\x0a\x00", 2));
    REQUIRE(who.payload.substr(2) == controller.bench.status("metasurface").identity);
    REQUIRE(who.payload.substr(2).starts_with("phyllsim,METASURFACE-10,PHYLLSIM-M"));
    REQUIRE(controller.ask({.type = state, .sequence = 2, .payload = {}}).payload == all_off);
    const Frame done = controller.ask({.type = show, .sequence = 3, .payload = pattern});
    REQUIRE(done.type == shown);
    REQUIRE(done.payload == bench::little_endian(bench::frame_checksum(pattern)));
    REQUIRE(controller.ask({.type = show, .sequence = 3, .payload = pattern}).type == shown);
    const Frame now = controller.ask({.type = state, .sequence = 4, .payload = {}});
    REQUIRE(now.type == state_reply);
    REQUIRE(now.payload == pattern);
    const bench::InstrumentStatus status = controller.bench.status("metasurface");
    REQUIRE(status.messages == 5);
    REQUIRE(status.figures.at(0).value == 2);
    REQUIRE(status.connections == 1);
}

TEST_CASE("the controller refuses what the protocol has no answer for") {
    Controller controller;
    const auto code = [&](std::uint8_t type, const std::string& payload) {
        const Frame answer = controller.ask({.type = type, .sequence = 9, .payload = payload});
        REQUIRE(answer.type == refused);
        REQUIRE(answer.payload.size() > 1);
        return static_cast<int>(answer.payload[0]);
    };
    REQUIRE(code(0x55, "") == 1);
    REQUIRE(code(identify, "x") == 2);
    REQUIRE(code(show, "x") == 2);
    REQUIRE(code(show, pattern + "x") == 2);
    REQUIRE(code(show, std::string("\x28\x00\x00\x00\x00\x00\x00", 7)) == 3);
    controller.misbehave({.fault = Fault::error, .text = "row 3 has no power"});
    REQUIRE(code(show, pattern) == 4);
    REQUIRE(controller.ask({.type = state, .sequence = 2, .payload = {}}).payload == all_off);
    REQUIRE(controller.ask({.type = show, .sequence = 3, .payload = pattern}).type == shown);
}

TEST_CASE("what a bad line loses or garbles is not answered, or not understood") {
    Controller controller;
    const Fault fault = GENERATE(Fault::lose, Fault::garble);
    const std::string which = GENERATE("request", "reply");
    const std::string request = bench::encoded({.type = show, .sequence = 5, .payload = pattern});
    controller.misbehave({.fault = fault, .text = which});
    controller.client->send(request);
    REQUIRE_FALSE(controller.reply(100ms));
    controller.client->send(request);
    const std::optional<Frame> answer = controller.reply();
    REQUIRE(answer);
    REQUIRE(answer->type == shown);
    REQUIRE(controller.bench.messages("metasurface") == (which == "reply" ? 2 : 1));
}

TEST_CASE("a garbled length does not make the controller deaf") {
    Controller controller;
    const std::string request = bench::encoded({.type = identify, .sequence = 1, .payload = {}});
    controller.misbehave({.fault = Fault::garble}); // the middle of it is the length
    controller.client->send(request);
    REQUIRE_FALSE(controller.reply(100ms));
    REQUIRE(controller.ask({.type = identify, .sequence = 2, .payload = {}}).type == identity);
}

TEST_CASE("another identity comes in a frame that is right") {
    Controller controller;
    controller.misbehave({.fault = Fault::identity, .text = "acme,X,1,2"});
    REQUIRE(controller.ask({.type = identify, .sequence = 1, .payload = {}}).payload.substr(2) ==
            "acme,X,1,2");
    REQUIRE(controller.ask({.type = state, .sequence = 2, .payload = {}}).payload == all_off);
    controller.bench.release("metasurface");
    REQUIRE(controller.ask({.type = identify, .sequence = 3, .payload = {}})
                .payload.find("phyllsim,") == 2);
}

TEST_CASE("who closes the line finds it, and what is shown, as it was") {
    Controller controller;
    REQUIRE(controller.ask({.type = show, .sequence = 1, .payload = pattern}).type == shown);
    const std::string& address = controller.bench.addresses().at(1);
    {
        const SerialClient other(address);
    }
    controller.client.emplace(address);
    REQUIRE(controller.ask({.type = state, .sequence = 2, .payload = {}}).payload == pattern);
}

TEST_CASE("an unplugged line hangs up, cannot be opened, and is there again under the same path") {
    Controller controller;
    REQUIRE(controller.ask({.type = show, .sequence = 1, .payload = pattern}).type == shown);
    const std::string address = controller.bench.addresses().at(1);
    const bool power = GENERATE(false, true);
    constexpr double seconds = 0.6;
    controller.misbehave(
        {.fault = power ? Fault::power_cycle : Fault::unplug, .seconds = Seconds(seconds)});
    REQUIRE(controller.client->hung_up());
    REQUIRE_THROWS_AS(SerialClient(address), std::system_error);
    test::await([&] { return std::filesystem::exists(test::path_of(address)); });
    controller.client.emplace(address);
    REQUIRE(controller.ask({.type = state, .sequence = 2, .payload = {}}).payload ==
            (power ? all_off : pattern));
}

TEST_CASE("messages to the controller can be delayed, dropped and swallowed") {
    Controller controller;
    const std::string request = bench::encoded({.type = state, .sequence = 1, .payload = {}});
    controller.misbehave({.fault = Fault::drop});
    controller.client->send(request);
    REQUIRE_FALSE(controller.reply(50ms));
    controller.misbehave({.fault = Fault::stick});
    controller.client->send(request);
    REQUIRE_FALSE(controller.reply(50ms));
    controller.bench.release("metasurface");
    controller.misbehave({.fault = Fault::delay, .seconds = Seconds(0.05)});
    const auto before = std::chrono::steady_clock::now();
    REQUIRE(controller.ask({.type = state, .sequence = 2, .payload = {}}).payload == all_off);
    REQUIRE(std::chrono::steady_clock::now() - before >= 50ms);
    controller.misbehave({.fault = Fault::disconnect});
    controller.client->send(request);
    REQUIRE(controller.client->hung_up());
}

TEST_CASE("phyllsim says what is wrong with an order to misbehave") {
    Controller controller;
    REQUIRE_THROWS_WITH(controller.misbehave({.fault = Fault::lose, .text = "answer"}),
                        Catch::Contains("valid is request, reply"));
    REQUIRE_THROWS_WITH(controller.misbehave({.fault = Fault::panel, .text = "OFF"}),
                        Catch::Contains("no front panel"));
}
