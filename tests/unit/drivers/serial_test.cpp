#include "drivers/core/error.hpp"
#include "drivers/transports/visa_resource.hpp"
#include "tests/unit/drivers/code_of.hpp"
#include "tests/unit/drivers/pseudo_terminal.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <span>
#include <string>
#include <thread>

using namespace phyll;
using namespace std::chrono_literals;
using test::code_of;

namespace {

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

/// A line on which SCPI is spoken.
struct Spoken {
    SystemClock clock;
    test::PseudoTerminal line;
    transports::TrafficLog log{clock};
    std::unique_ptr<transports::Transport> transport =
        transports::open_visa(line.address(), {}, clock, log);
};

/// A line for frames.
struct Plain {
    /// What comes next, at most `most` bytes of it.
    std::string read(std::size_t most) {
        std::string text(most, '\0');
        text.resize(port->read_some(std::as_writable_bytes(std::span(text)), {}));
        return text;
    }
    std::string read_all(std::size_t count) {
        std::string text;
        while (text.size() < count) {
            text += read(count - text.size());
        }
        return text;
    }

    ManualClock clock;
    test::PseudoTerminal line;
    transports::TrafficLog log{clock};
    std::unique_ptr<transports::BytePort> port =
        transports::open_byte_port(line.address(), {.baud = 250000}, clock, log);
};

} // namespace

TEST_CASE("SCPI goes over a serial line") {
    Spoken spoken;
    REQUIRE_FALSE(spoken.transport->connected());
    spoken.transport->connect({});
    REQUIRE(spoken.transport->connected());
    REQUIRE(spoken.line.baud() == 115200);

    spoken.transport->write("*IDN?", {});
    REQUIRE(spoken.line.received(6) == "*IDN?\n");
    spoken.line.send("maker,model,1,2\r\n");
    REQUIRE(spoken.transport->read_line({}) == "maker,model,1,2");

    // What a terminal would take for a signal, an end of file, a flow control.
    const std::string awkward("\x03\x04\n\r\x11\x13\0", 7);
    spoken.line.send("#17" + awkward + "\nnext\n");
    const std::vector<std::byte> block = spoken.transport->read_block(100, {});
    REQUIRE(std::ranges::equal(block, bytes(awkward)));
    REQUIRE(spoken.transport->read_line({}) == "next");
}

TEST_CASE("a serial line is cleared of what came, and of the half of it that was looked at") {
    Spoken spoken;
    spoken.transport->connect({});
    spoken.line.send("early\nlate\nhal");
    REQUIRE(spoken.transport->read_line({}) == "early");
    spoken.transport->clear({});
    spoken.line.send("new\n");
    REQUIRE(spoken.transport->read_line({}) == "new");
}

TEST_CASE("bytes go over a serial line as they are, and nobody else opens it meanwhile") {
    Plain plain;
    plain.port->connect({});
    REQUIRE(plain.port->connected());
    REQUIRE(plain.line.baud() == 250000);
    REQUIRE(plain.line.raw());
    REQUIRE(plain.line.exclusive());

    std::string all;
    for (int i = 0; i < 256; ++i) {
        all += static_cast<char>(i);
    }
    plain.port->write(bytes(all), {});
    REQUIRE(plain.line.received(256) == all);
    plain.line.send(all);
    REQUIRE(plain.read_all(256) == all);

    plain.port->disconnect();
    REQUIRE_FALSE(plain.port->connected());
    REQUIRE_FALSE(plain.line.exclusive());
}

TEST_CASE("what came and was not read is forgotten when that is asked for") {
    Plain plain;
    plain.port->connect({});
    plain.line.send("abc");
    REQUIRE(plain.read(1) == "a");
    plain.port->discard();
    plain.line.send("d");
    REQUIRE(plain.read(1) == "d");
}

TEST_CASE("a wait for a serial line ends at the deadline of the injected clock") {
    Plain plain;
    plain.port->connect({});
    const transports::Patience patience{.deadline = Deadline::after(plain.clock, 1h), .stop = {}};
    std::array<std::byte, 8> into{};
    Code code = Code::ok;
    std::thread waiting(
        [&] { code = code_of([&] { static_cast<void>(plain.port->read_some(into, patience)); }); });
    plain.clock.advance(1h);
    waiting.join();
    REQUIRE(code == Code::deadline_exceeded);
    REQUIRE(plain.port->connected());
}

TEST_CASE("a request to stop ends a wait for a serial line, and not the exchange after it") {
    Plain plain;
    plain.port->connect({});
    std::array<std::byte, 8> into{};
    for (int i = 0; i < 20; ++i) {
        std::stop_source stop;
        std::thread stopping([&] { stop.request_stop(); });
        REQUIRE(code_of([&] {
                    static_cast<void>(
                        plain.port->read_some(into, {.deadline = {}, .stop = stop.get_token()}));
                }) == Code::cancelled);
        stopping.join();
        plain.line.send("x");
        REQUIRE(plain.read(1) == "x");
    }
}

TEST_CASE("nothing goes over a serial line that was shut, and who waits for it learns so") {
    Plain plain;
    plain.port->connect({});
    SECTION("while somebody waits") {
        std::array<std::byte, 8> into{};
        std::thread shutting([&] { plain.port->shut(); });
        REQUIRE(code_of([&] { static_cast<void>(plain.port->read_some(into, {})); }) ==
                Code::unavailable);
        shutting.join();
    }
    SECTION("while nobody uses it") {
        plain.port->shut();
    }
    REQUIRE(plain.port->is_shut());
    REQUIRE_FALSE(plain.port->connected());
    REQUIRE_FALSE(plain.line.exclusive()); // another driver may have it now
    REQUIRE(code_of([&] { plain.port->write(bytes("x"), {}); }) == Code::unavailable);
    REQUIRE(code_of([&] { plain.port->connect({}); }) == Code::unavailable);
    REQUIRE_FALSE(plain.port->connected());
}

TEST_CASE("an adapter that is pulled out is unavailable, and found again when it is back") {
    Plain plain;
    plain.port->connect({});
    plain.line.pull_out();
    REQUIRE(code_of([&] { static_cast<void>(plain.read(1)); }) == Code::unavailable);
    REQUIRE_FALSE(plain.port->connected());
    REQUIRE(code_of([&] { plain.port->connect({}); }) == Code::unavailable);
    plain.line.plug_in();
    plain.port->connect({});
    plain.line.send("x");
    REQUIRE(plain.read(1) == "x");
}

TEST_CASE("a line that cannot be opened is said with what to do") {
    const SystemClock clock;
    transports::TrafficLog log(clock);
    const auto [device, words] = GENERATE(table<std::string, std::string>(
        {{"/dev/phyll-nothing", "plugged in"}, {"/dev/null", "no serial line"}}));
    CAPTURE(device);
    const auto port = transports::open_byte_port("ASRL" + device + "::INSTR", {}, clock, log);
    try {
        port->connect({});
        FAIL("was opened");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::unavailable);
        REQUIRE_THAT(error.what(), Catch::Contains(device) && Catch::Contains(words));
    }
}

TEST_CASE("frames on a serial line are logged when that is asked for") {
    Plain plain;
    plain.log.turn(true);
    plain.port->connect({});
    plain.port->write(bytes("\x01\x02"), {});
    plain.line.send("ok");
    REQUIRE(plain.read_all(2) == "ok");
    const auto entries = plain.log.after(0);
    REQUIRE(entries.size() >= 3);
    REQUIRE(entries[0].text == "connected");
    REQUIRE(entries[1].text == "<01 02>");
    REQUIRE(entries[2].text.starts_with("o"));
}
