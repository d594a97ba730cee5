// The device's side of USBTMC, byte by byte.

#include "tests/unit/bench/usbtmc_interface.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace phyll::bench::usb;
using namespace phyll::test;
using Kind = UsbtmcFunction::In::Kind;

TEST_CASE("a message comes in one transfer, or in several up to the one that ends it") {
    Interface usb;
    REQUIRE(usb.out(message(1, "*IDN?\n")));
    REQUIRE(usb.out(message(2, "VOLT ", false)));
    REQUIRE(usb.echo.messages == std::vector<std::string>{"*IDN?"});
    REQUIRE(usb.out(message(3, "1.5")));
    REQUIRE(usb.echo.messages.back() == "VOLT 1.5");
    REQUIRE(usb.out({128, 4, 251, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
    REQUIRE(usb.echo.messages.back() == "*TRG");
}

TEST_CASE("a transfer may come in several parts of whole packets") {
    Interface usb;
    const std::string text(1500, 'x');
    const Bytes bytes = message(9, text);
    REQUIRE(usb.out({bytes.begin(), bytes.begin() + 1024}));
    REQUIRE(usb.echo.messages.empty());
    REQUIRE(usb.out({bytes.begin() + 1024, bytes.end()}));
    REQUIRE(usb.echo.messages == std::vector<std::string>{text});
    REQUIRE(usb.out({})); // a packet of no bytes
    REQUIRE(usb.out(message(10, "NEXT")));
    REQUIRE(usb.echo.messages.back() == "NEXT");
}

TEST_CASE("what is no transfer stalls bulk-out until the halt is cleared") {
    const Bytes wrong =
        GENERATE(Bytes{1, 0, 255, 0, 2, 0, 0, 0, 1, 0, 0, 0, 'A', 'B', 0, 0}, // a tag of 0
                 Bytes{1, 1, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 'A', 'B', 0, 0},   // not its complement
                 Bytes{3, 1, 254, 0, 2, 0, 0, 0, 1, 0, 0, 0, 'A', 'B', 0, 0}, // an unknown kind
                 Bytes{126, 1, 254, 0, 2, 0, 0, 0, 1, 0, 0, 0, 'A', 'B', 0, 0}, // of some maker
                 Bytes{1, 1, 254, 0, 0, 0, 0, 0, 1, 0, 0, 0},                   // no bytes
                 Bytes{1, 1, 254, 0, 9, 0, 0, 0, 1, 0, 0, 0, 'A', 'B', 0, 0}, // fewer than it says
                 Bytes{1, 1, 254, 0, 1, 0, 0, 0, 1, 0, 0, 0, 'A', 0, 0, 0, 0, 0, 0, 0}, // more
                 Bytes{1, 1, 254, 0, 2, 0, 0},                                          // no header
                 Bytes{2, 1, 254, 0, 0, 0, 0, 0, 0, 0, 0, 0},             // a request for nothing
                 Bytes{2, 1, 254, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, // a request with data
                 Bytes{128, 1, 254, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}); // a trigger with data
    Interface usb;
    REQUIRE(usb.out(message(7, "HALF ", false)));
    REQUIRE_FALSE(usb.out(wrong));
    REQUIRE(usb.function.halted(bulk_out));
    REQUIRE_FALSE(usb.out(message(8, "RIGHT")));
    usb.function.clear_halt(bulk_out);
    REQUIRE(usb.out(message(9, "RIGHT")));
    REQUIRE(usb.echo.messages == std::vector<std::string>{"RIGHT"}); // the half is forgotten
    REQUIRE(usb.function.stalls() == 1);
}

TEST_CASE("a second request before the first is met stalls") {
    Interface usb;
    REQUIRE(usb.out(request_in(1, 100)));
    REQUIRE_FALSE(usb.out(request_in(2, 100)));
}

TEST_CASE("a message that is longer than the instrument can take stalls, and is reported") {
    Interface usb;
    REQUIRE_FALSE(usb.out(header(1, 1, UsbtmcFunction::largest_message + 1, 1)));
    REQUIRE(usb.echo.too_longs == 1);
}

TEST_CASE("a reply comes when it is asked for, and nothing does while there is none") {
    Interface usb;
    REQUIRE(usb.in().kind == Kind::nothing);
    REQUIRE(usb.out(request_in(1, 100)));
    REQUIRE(usb.in().kind == Kind::nothing);
    REQUIRE(usb.out(message(2, "B?")));
    REQUIRE(usb.in().kind == Kind::nothing);
    usb.function.reply(usb.echo.last, {.text = "later\n"});
    const auto in = usb.in();
    REQUIRE(in.kind == Kind::bytes);
    REQUIRE(in.bytes ==
            Bytes{2, 1, 254, 0, 6, 0, 0, 0, 1, 0, 0, 0, 'l', 'a', 't', 'e', 'r', '\n', 0, 0});
    REQUIRE(usb.in().kind == Kind::nothing);
}

TEST_CASE("a reply that is longer than asked for comes in several transfers") {
    Interface usb;
    REQUIRE(usb.out(message(1, "A?")));
    REQUIRE(usb.out(request_in(2, 5)));
    REQUIRE(usb.in().bytes == reply(2, "answe", 0));
    REQUIRE(usb.in().kind == Kind::nothing);
    REQUIRE(usb.out(request_in(3, 5)));
    REQUIRE(usb.in().bytes == reply(3, "r\n", 1));
}

TEST_CASE("a transfer ends after a character where that is asked for") {
    Interface usb;
    REQUIRE(usb.out(message(1, "A?")));
    REQUIRE(usb.out(header(2, 2, 100, 2, 's')));
    REQUIRE(usb.in().bytes == reply(2, "ans", 2));
    REQUIRE(usb.out(header(2, 3, 100, 2, '\n')));
    REQUIRE(usb.in().bytes == reply(3, "wer\n", 3));
}

TEST_CASE("a transfer of whole packets ends with an empty one") {
    const std::string text(500, 'y'); // 512 bytes with the header
    Interface usb;
    REQUIRE(usb.out(message(1, "B?")));
    usb.function.reply(usb.echo.last, {.text = text});
    REQUIRE(usb.out(request_in(2, 1000)));
    SECTION("in a buffer of its own when the one before was full") {
        REQUIRE(usb.in(512).bytes == reply(2, text, 1));
        const auto last = usb.in(512);
        REQUIRE(last.kind == Kind::bytes);
        REQUIRE(last.bytes.empty());
    }
    SECTION("in the same buffer when there is room") {
        REQUIRE(usb.in(1024).bytes == reply(2, text, 1));
    }
    REQUIRE(usb.in(512).kind == Kind::nothing);
}

TEST_CASE("a packet that has no room in a buffer is an overflow") {
    Interface usb;
    REQUIRE(usb.out(message(1, "A?")));
    REQUIRE(usb.out(request_in(2, 100)));
    REQUIRE(usb.in(10).kind == Kind::overflow);
}

TEST_CASE("a message before the reply was read interrupts the query") {
    Interface usb;
    REQUIRE(usb.out(message(1, "A?")));
    REQUIRE(usb.out(message(2, "B?")));
    REQUIRE(usb.echo.interruptions == 1);
    const std::uint64_t first = usb.echo.last;
    REQUIRE(usb.out(message(3, "A?")));
    REQUIRE(usb.echo.interruptions == 1);
    usb.function.reply(first, {.text = "late\n"});
    REQUIRE(usb.echo.interruptions == 2);
    REQUIRE(usb.out(request_in(4, 100)));
    REQUIRE(usb.in().bytes == reply(4, "answer\n", 1));
}

TEST_CASE("device clear forgets messages, replies and halts") {
    Interface usb;
    REQUIRE(usb.out(message(1, "B?")));
    REQUIRE(usb.out(request_in(2, 100)));
    REQUIRE(usb.out(message(3, "HALF ", false)));
    REQUIRE(usb.ask(5) == Bytes{1});
    REQUIRE(usb.echo.clears == 1);
    REQUIRE(usb.function.halted(bulk_out));
    REQUIRE(usb.ask(6) == Bytes{2, 0});
    REQUIRE(usb.ask(6) == Bytes{1, 0});
    usb.function.clear_halt(bulk_out);
    usb.function.reply(usb.echo.last, {.text = "late\n"});
    REQUIRE(usb.echo.interruptions == 0);
    REQUIRE(usb.out(message(4, "A?")));
    REQUIRE(usb.echo.messages == std::vector<std::string>{"B?", "A?"});
    REQUIRE(usb.out(request_in(5, 100)));
    REQUIRE(usb.in().bytes == reply(5, "answer\n", 1));
}

TEST_CASE("device clear in the middle of a reply wants its end to be read") {
    Interface usb;
    REQUIRE(usb.out(message(1, "B?")));
    usb.function.reply(usb.echo.last, {.text = std::string(2000, 'z')});
    REQUIRE(usb.out(request_in(2, 2000)));
    REQUIRE(usb.in(512).bytes.size() == 512);
    REQUIRE(usb.ask(5) == Bytes{1});
    REQUIRE(usb.ask(6) == Bytes{2, 1});
    REQUIRE(usb.ask(6) == Bytes{2, 1});
    REQUIRE(usb.in(512).bytes.empty());
    REQUIRE(usb.ask(6) == Bytes{1, 0});
}

TEST_CASE("a bulk-in transfer is aborted by its tag") {
    Interface usb;
    REQUIRE(usb.ask(3, 1) == Bytes{0x80, 0});
    REQUIRE(usb.ask(4) == Bytes{0x80, 0, 0, 0, 0, 0, 0, 0});
    REQUIRE(usb.out(message(1, "B?")));
    usb.function.reply(usb.echo.last, {.text = std::string(2000, 'z')});
    REQUIRE(usb.out(request_in(2, 2000)));
    REQUIRE(usb.in(1024).bytes.size() == 1024);
    REQUIRE(usb.ask(3, 7) == Bytes{0x81, 2});
    REQUIRE(usb.ask(3, 2) == Bytes{1, 2});
    REQUIRE(usb.ask(4) == Bytes{2, 1, 0, 0, 0xF4, 0x03, 0, 0}); // 1012
    const auto end = usb.in(512);
    REQUIRE(end.kind == Kind::bytes);
    REQUIRE(end.bytes.empty());
    REQUIRE(usb.ask(4) == Bytes{1, 0, 0, 0, 0xF4, 0x03, 0, 0});
    REQUIRE(usb.out(request_in(3, 100)));
    REQUIRE(usb.in().kind == Kind::nothing);
}

TEST_CASE("a bulk-out transfer is aborted by its tag") {
    Interface usb;
    REQUIRE(usb.ask(1, 1) == Bytes{0x80, 0});
    REQUIRE(usb.ask(2) == Bytes{0x80, 0, 0, 0, 0, 0, 0, 0});
    const Bytes bytes = message(9, std::string(1500, 'x'));
    REQUIRE(usb.out({bytes.begin(), bytes.begin() + 512}));
    REQUIRE(usb.ask(1, 8) == Bytes{0x81, 9});
    REQUIRE(usb.ask(1, 9) == Bytes{1, 9});
    REQUIRE(usb.ask(2) == Bytes{1, 0, 0, 0, 0xF4, 0x01, 0, 0}); // 500
    REQUIRE(usb.function.halted(bulk_out));
    usb.function.clear_halt(bulk_out);
    REQUIRE(usb.out(message(10, "NEXT")));
    REQUIRE(usb.echo.messages == std::vector<std::string>{"NEXT"});
}

TEST_CASE("the interface says what it can, and other requests stall") {
    Interface usb;
    REQUIRE(usb.ask(7) ==
            Bytes{1, 0, 0, 1, 4, 1, 0, 0, 0, 0, 0, 0, 0, 1, 7, 11, 0, 0, 0, 0, 0, 0, 0, 0});
    for (const std::uint8_t accepted : Bytes{64, 160, 161, 162}) {
        REQUIRE(usb.ask(accepted) == Bytes{1});
    }
    REQUIRE_FALSE(usb.ask(99));
}

TEST_CASE("the status byte comes on the interrupt endpoint") {
    Interface usb;
    REQUIRE_FALSE(usb.function.notification());
    REQUIRE(usb.ask(128, 5) == Bytes{1, 5, 0});
    REQUIRE(usb.ask(128, 6) == Bytes{0x20, 6, 0});
    REQUIRE(usb.function.notification() == Bytes{0x85, 0x44});
    REQUIRE(usb.out(message(1, "A?")));
    REQUIRE(usb.ask(128, 7) == Bytes{1, 7, 0});
    REQUIRE(usb.function.notification() == Bytes{0x87, 0x54}); // a message is available
}

TEST_CASE("an ordered stall comes in the place of the reply, or with the next message") {
    Interface usb;
    REQUIRE(usb.out(message(1, "B?")));
    usb.function.reply(usb.echo.last, {.text = "lost\n", .stall = true});
    REQUIRE(usb.out(request_in(2, 100)));
    REQUIRE(usb.in().kind == Kind::stall);
    REQUIRE(usb.in().kind == Kind::stall);
    usb.function.clear_halt(bulk_in);
    REQUIRE(usb.in().kind == Kind::nothing);
    REQUIRE(usb.out(message(3, "SET")));
    usb.function.reply(usb.echo.last, {.text = "", .stall = true});
    REQUIRE_FALSE(usb.out(message(4, "A?")));
    usb.function.clear_halt(bulk_out);
    REQUIRE(usb.out(message(5, "A?")));
    REQUIRE(usb.out(request_in(6, 100)));
    REQUIRE(usb.in().bytes == reply(6, "answer\n", 1));
}

TEST_CASE("a reply in pieces ends with the last of them only") {
    Interface usb;
    REQUIRE(usb.out(message(1, "B?")));
    const std::string text = "0123456789abcdefghijklmnopqrstuvwxyz\n";
    usb.function.reply(usb.echo.last, {.text = text, .in_pieces = true});
    std::string read;
    std::uint8_t tag = 1;
    for (bool end = false; !end;) {
        REQUIRE(usb.out(request_in(++tag, 4096)));
        const Bytes bytes = usb.in().bytes;
        REQUIRE(bytes.size() >= header_size + 4);
        REQUIRE(bytes[4] <= text.size() / 6);
        read.append(bytes.begin() + 12, bytes.begin() + 12 + bytes[4]);
        end = bytes[8] == 1;
        REQUIRE(end == (read.size() == text.size()));
    }
    REQUIRE(read == text);
    REQUIRE(tag > 7);
}
