#include "drivers/core/error.hpp"
#include "drivers/transports/visa_resource.hpp"
#include "tests/support/await.hpp"
#include "tests/unit/drivers/code_of.hpp"
#include "tests/unit/drivers/line_server.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <span>
#include <string>
#include <string_view>
#include <thread>

using namespace phyll;
using namespace std::chrono_literals;
using test::code_of;
using test::LineServer;
using transports::Patience;

namespace {

std::string answer(const std::string& line) {
    if (line == "*IDN?") {
        return "maker,model,1,2\n";
    }
    if (line == "block?") {
        return std::string("#15a\nb;\0\n", 9);
    }
    if (line == "carriage?") {
        return "#11x\r\ny\r\n";
    }
    if (line == "no block?") {
        return "1.5\n";
    }
    if (line == "long block?") {
        return "#9999999999";
    }
    if (line == "unended block?") {
        return "#11xyz\n";
    }
    return "";
}

struct Wire {
    explicit Wire(LineServer::Answer what = answer) : server(std::move(what)) {}

    std::string ask(const char* question) {
        transport->write(question, {});
        return transport->read_line({});
    }

    SystemClock clock;
    LineServer server;
    transports::TrafficLog log{clock};
    std::unique_ptr<transports::Transport> transport =
        transports::open_visa(server.address(), {}, clock, log);
};

std::string text(const std::vector<std::byte>& block) {
    std::string out;
    for (const std::byte byte : block) {
        out += static_cast<char>(byte);
    }
    return out;
}

} // namespace

TEST_CASE("messages go out, lines and blocks come back") {
    Wire wire;
    REQUIRE_FALSE(wire.transport->connected());
    wire.transport->connect({});
    REQUIRE(wire.transport->connected());
    REQUIRE(wire.ask("*IDN?") == "maker,model,1,2");
    wire.transport->write("block?", {});
    REQUIRE(text(wire.transport->read_block(100, {})) == std::string("a\nb;\0", 5));
    REQUIRE(wire.ask("*IDN?") == "maker,model,1,2");
    wire.transport->write("carriage?", {});
    REQUIRE(text(wire.transport->read_block(100, {})) == "x");
    REQUIRE(wire.transport->read_line({}) == "y");
}

TEST_CASE("a block that is none is said to be none") {
    Wire wire;
    wire.transport->connect({});
    const auto question = GENERATE(as<std::string>(), "no block?", "long block?", "unended block?");
    CAPTURE(question);
    wire.transport->write(question, {});
    REQUIRE(code_of([&] { static_cast<void>(wire.transport->read_block(100, {})); }) ==
            Code::data_loss);
}

TEST_CASE("a late answer is not taken for that of a later question") {
    std::atomic<bool> let_go = false;
    Wire wire([&](const std::string& line) {
        if (line == "late?") {
            test::await([&] { return let_go.load(); });
            return std::string("late\n");
        }
        return answer(line);
    });
    wire.transport->connect({});
    wire.transport->write("late?", {});
    const Patience soon{.deadline = Deadline::after(wire.clock, 5ms), .stop = {}};
    REQUIRE(code_of([&] { static_cast<void>(wire.transport->read_line(soon)); }) ==
            Code::deadline_exceeded);
    let_go = true;
    wire.transport->clear({});
    REQUIRE(wire.ask("*IDN?") == "maker,model,1,2");
    REQUIRE(wire.server.connections() == 2);
}

TEST_CASE("a deadline is one of the injected clock") {
    Wire wire;
    ManualClock clock;
    const auto transport = transports::open_visa(wire.server.address(), {}, clock, wire.log);
    transport->connect({});
    std::atomic<bool> over = false;
    const Deadline deadline = Deadline::after(clock, 1h);
    std::thread waiting([&] {
        REQUIRE(code_of([&] {
                    static_cast<void>(transport->read_line({.deadline = deadline, .stop = {}}));
                }) == Code::deadline_exceeded);
        over = true;
    });
    REQUIRE_FALSE(over);
    clock.advance(1h);
    waiting.join();
    REQUIRE(over);
}

TEST_CASE("a request to stop ends a wait, and not the exchange after it") {
    Wire wire;
    wire.transport->connect({});
    for (int i = 0; i < 20; ++i) {
        std::stop_source stop;
        std::thread stopping([&] { stop.request_stop(); });
        REQUIRE(code_of([&] {
                    static_cast<void>(
                        wire.transport->read_line({.deadline = {}, .stop = stop.get_token()}));
                }) == Code::cancelled);
        stopping.join();
        REQUIRE(wire.ask("*IDN?") == "maker,model,1,2");
    }
}

TEST_CASE("who closes the connection or does not listen is unavailable, until it is back") {
    Wire wire;
    wire.transport->connect({});
    REQUIRE(wire.ask("*IDN?") == "maker,model,1,2");
    wire.server.drop();
    REQUIRE(code_of([&] { static_cast<void>(wire.transport->read_line({})); }) ==
            Code::unavailable);
    REQUIRE_FALSE(wire.transport->connected());
    wire.transport->connect({});
    REQUIRE(wire.ask("*IDN?") == "maker,model,1,2");

    const auto nobody = transports::open_visa(test::nobodys_address(), {}, wire.clock, wire.log);
    REQUIRE(code_of([&] { nobody->connect({}); }) == Code::unavailable);
}

TEST_CASE("nothing goes through a transport that was shut, and who waits for it learns so") {
    Wire wire;
    wire.transport->connect({});
    SECTION("while somebody waits") {
        std::thread shutting([&] { wire.transport->shut(); });
        REQUIRE(code_of([&] { static_cast<void>(wire.transport->read_line({})); }) ==
                Code::unavailable);
        shutting.join();
    }
    SECTION("before") {
        wire.transport->shut();
    }
    REQUIRE(wire.transport->is_shut());
    const std::size_t before = wire.server.lines().size();
    REQUIRE(code_of([&] { wire.transport->write("OUTP ON", {}); }) == Code::unavailable);
    REQUIRE(code_of([&] { wire.transport->connect({}); }) == Code::unavailable);
    REQUIRE(code_of([&] { wire.transport->clear({}); }) == Code::unavailable);
    REQUIRE(wire.server.lines().size() == before);
}

TEST_CASE("what goes over the wire is logged when that is asked for") {
    Wire wire;
    wire.log.turn(true);
    wire.transport->connect({});
    static_cast<void>(wire.ask("*IDN?"));
    const auto entries = wire.log.after(0);
    REQUIRE(entries.size() == 3);
    REQUIRE(entries[0].text == "connected");
    REQUIRE(entries[1].text == "*IDN?");
    REQUIRE(entries[2].text == "maker,model,1,2");
}

TEST_CASE("plain bytes go over a socket, and what came and was not read can be forgotten") {
    Wire wire([](const std::string& line) { return line; });
    const auto port = transports::open_byte_port(wire.server.address(), {}, wire.clock, wire.log);
    port->connect({});
    const auto ask = [&](std::string_view question) {
        port->write(std::as_bytes(std::span(question)), {});
        std::byte first{};
        REQUIRE(port->read_some({&first, 1}, {}) == 1);
        return static_cast<char>(first);
    };
    REQUIRE(ask("early\n") == 'e');
    port->discard(); // came in one piece with the first byte
    REQUIRE(ask("new\n") == 'n');
    port->disconnect();
    REQUIRE_FALSE(port->connected());
    port->discard();
    port->connect({});
    REQUIRE(ask("again\n") == 'a');
}
