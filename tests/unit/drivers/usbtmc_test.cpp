#include "drivers/transports/usbtmc/usbtmc_transport.hpp"
#include "tests/support/swift_clock.hpp"
#include "tests/unit/drivers/code_of.hpp"
#include "tests/unit/drivers/scripted_usb_device.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

using namespace phyll;
using test::code_of;
using test::usb_bytes;
using test::UsbBytes;
using transports::usbtmc::Bulk;
using transports::usbtmc::UsbtmcTransport;

namespace {

/// A transport on a scripted device that was greeted.
struct Usb {
    Usb() {
        device->expects_greeting();
        transport.connect({});
    }
    std::string line() { return transport.read_line({}); }

    test::SwiftClock clock;
    transports::TrafficLog log{clock};
    test::ScriptedUsbDevice* device = new test::ScriptedUsbDevice;
    UsbtmcTransport transport{"USB0::1::2::3::INSTR",
                              std::unique_ptr<transports::usbtmc::UsbDevice>(device), clock, log};
};

/// An answer's first or only piece, to the request of that tag.
UsbBytes piece(unsigned tag, std::string_view text, bool end) {
    UsbBytes bytes = usb_bytes("02 00 00 00 00 00 00 00 00 00 00 00");
    bytes[1] = static_cast<std::byte>(tag);
    bytes[2] = static_cast<std::byte>(~tag & 0xffU);
    bytes[4] = static_cast<std::byte>(text.size());
    bytes[5] = static_cast<std::byte>(text.size() >> 8U);
    bytes[8] = static_cast<std::byte>(end);
    for (const char c : text) {
        bytes.push_back(static_cast<std::byte>(c));
    }
    bytes.resize((bytes.size() + 3) / 4 * 4);
    return bytes;
}

/// A request for a piece of a line, 16 KiB at most.
UsbBytes request(unsigned tag) {
    UsbBytes bytes = usb_bytes("02 00 00 00 00 40 00 00 00 00 00 00");
    bytes[1] = static_cast<std::byte>(tag);
    bytes[2] = static_cast<std::byte>(~tag & 0xffU);
    return bytes;
}

} // namespace

TEST_CASE("USBTMC: a message and its answer go as the specification has them") {
    Usb usb;
    usb.device->expects(usb_bytes("01 01 fe 00 05 00 00 00 01 00 00 00 '*IDN?' 00 00 00"));
    usb.device->expects(usb_bytes("02 02 fd 00 00 40 00 00 00 00 00 00"));
    usb.device->answers(usb_bytes("02 02 fd 00 05 00 00 00 01 00 00 00 'a,b' 0d 0a 00 00 00"));
    usb.device->expects(usb_bytes("01 03 fc 00 04 00 00 00 01 00 00 00 '*CLS'"));
    usb.transport.write("*IDN?", {});
    REQUIRE(usb.line() == "a,b");
    usb.transport.write("*CLS", {});
    REQUIRE(usb.device->left() == 0);
}

TEST_CASE("USBTMC: an answer in several transfers is asked for until it ends, by a new tag each") {
    Usb usb;
    usb.device->expects(request(1));
    usb.device->answers(piece(1, "12", false));
    usb.device->expects(request(2));
    usb.device->answers(piece(2, "34\n", false));
    usb.device->expects(request(3));
    usb.device->answers(piece(3, "", true));
    REQUIRE(usb.line() == "1234");
    REQUIRE(usb.device->left() == 0);
}

TEST_CASE("USBTMC: an answer ends without a line feed, and may hold several lines") {
    Usb usb;
    usb.device->expects(request(1));
    usb.device->answers(piece(1, "one\ntwo\nthree", true));
    REQUIRE(usb.line() == "one");
    REQUIRE(usb.line() == "two");
    REQUIRE(usb.line() == "three");
    usb.device->expects(request(2));
    usb.device->answers(piece(2, "next\n", true));
    REQUIRE(usb.line() == "next");
    REQUIRE(usb.device->left() == 0);
}

TEST_CASE("USBTMC: a block is read over several transfers, with a line feed after it or none") {
    Usb usb;
    const std::string content(2000, '\n');
    const auto end = GENERATE(as<std::string>(), "", "\n", "\r\n");
    // Blocks are asked for by as much as can come, in steps of 1 KiB.
    usb.device->expects(usb_bytes("02 01 fe 00 00 0c 00 00 00 00 00 00"));
    usb.device->answers(piece(1, "#42000" + content.substr(0, 100), false));
    usb.device->expects(usb_bytes("02 02 fd 00 00 08 00 00 00 00 00 00"));
    usb.device->answers(piece(2, content.substr(100) + end, true));
    const std::vector<std::byte> block = usb.transport.read_block(3000, {});
    REQUIRE(std::ranges::equal(block, std::as_bytes(std::span(content))));
    usb.device->expects(request(3));
    usb.device->answers(piece(3, "next", true));
    REQUIRE(usb.line() == "next");
}

TEST_CASE("USBTMC: a long message goes in transfers of 1 MiB, and only the last one ends it") {
    Usb usb;
    const std::size_t largest = transports::usbtmc::Channel::largest;
    UsbBytes first = usb_bytes("01 01 fe 00 00 00 10 00 00 00 00 00");
    first.resize(first.size() + largest, std::byte{'x'});
    usb.device->expects(first);
    usb.device->expects(usb_bytes("01 02 fd 00 02 00 00 00 01 00 00 00 'xx' 00 00"));
    usb.transport.write(std::string(largest + 2, 'x'), {});
    REQUIRE(usb.device->left() == 0);
}

TEST_CASE("USBTMC: tags go from 1 to 255 and begin anew, never 0") {
    Usb usb;
    for (unsigned i = 0; i < 300; ++i) {
        const unsigned tag = i % 255 + 1;
        UsbBytes frame = usb_bytes("01 00 00 00 04 00 00 00 01 00 00 00 '*CLS'");
        frame[1] = static_cast<std::byte>(tag);
        frame[2] = static_cast<std::byte>(~tag & 0xffU);
        usb.device->expects(frame);
        usb.transport.write("*CLS", {});
    }
    REQUIRE(usb.device->left() == 0);
}

TEST_CASE("USBTMC: what is no answer to the request is data loss") {
    Usb usb;
    const auto [what, answer] = GENERATE(table<std::string, std::string>({
        {"nothing", ""},
        {"half a header", "02 01 fe 00 01 00"},
        {"another MsgID", "03 01 fe 00 01 00 00 00 01 00 00 00 'x' 00 00 00"},
        {"another bTag", "02 02 fd 00 01 00 00 00 01 00 00 00 'x' 00 00 00"},
        {"a bTag and not its inverse", "02 01 fd 00 01 00 00 00 01 00 00 00 'x' 00 00 00"},
        {"more than asked for", "02 01 fe 00 01 40 00 00 01 00 00 00 'x' 00 00 00"},
        {"less than it says", "02 01 fe 00 05 00 00 00 01 00 00 00 'x' 00 00 00"},
        {"more than it says", "02 01 fe 00 01 00 00 00 01 00 00 00 'x' 00 00 00 00"},
        {"nothing, for ever", "02 01 fe 00 00 00 00 00 00 00 00 00"},
    }));
    CAPTURE(what);
    usb.device->expects(request(1));
    usb.device->answers(usb_bytes(answer));
    REQUIRE(code_of([&] { static_cast<void>(usb.line()); }) == Code::data_loss);
    usb.device->expects_clear();
    usb.transport.clear({});
    REQUIRE(usb.device->left() == 0);
}

TEST_CASE("USBTMC: a block that is none, or ends within itself, is data loss") {
    Usb usb;
    const auto text = GENERATE(as<std::string>(), "1.5\n", "#0abc", "#15abc", "#15abcdefg", "#15");
    CAPTURE(text);
    usb.device->expects(usb_bytes("02 01 fe 00 00 04 00 00 00 00 00 00"));
    usb.device->answers(piece(1, text, true));
    REQUIRE(code_of([&] { static_cast<void>(usb.transport.read_block(10, {})); }) ==
            Code::data_loss);
}

TEST_CASE("USBTMC: a stalled transfer has its endpoint cleared, and is unavailable") {
    Usb usb;
    SECTION("of a message") {
        usb.device->expects(usb_bytes("01 01 fe 00 04 00 00 00 01 00 00 00 '*CLS'"));
        usb.device->stalls();
        usb.device->expects_clear_halt(Bulk::out);
        REQUIRE(code_of([&] { usb.transport.write("*CLS", {}); }) == Code::unavailable);
    }
    SECTION("of a request") {
        usb.device->expects(request(1));
        usb.device->stalls();
        usb.device->expects_clear_halt(Bulk::out);
        REQUIRE(code_of([&] { static_cast<void>(usb.line()); }) == Code::unavailable);
    }
    SECTION("of an answer") {
        usb.device->expects(request(1));
        usb.device->answers({});
        usb.device->stalls();
        usb.device->expects_clear_halt(Bulk::in);
        REQUIRE(code_of([&] { static_cast<void>(usb.line()); }) == Code::unavailable);
    }
    REQUIRE(usb.transport.connected());
    usb.device->expects_clear();
    usb.transport.clear({});
    REQUIRE(usb.device->left() == 0);
}

TEST_CASE("USBTMC: after an answer that did not come, clear aborts it and empties the device") {
    Usb usb;
    usb.device->expects(request(1));
    usb.device->answers({});
    usb.device->hangs();
    REQUIRE(code_of([&] { static_cast<void>(usb.line()); }) == Code::deadline_exceeded);

    // INITIATE_ABORT_BULK_IN, what is left, CHECK_ABORT_BULK_IN_STATUS until it is done.
    usb.device->expects({.type = 0xa2, .request = 3, .value = 1, .index = 0x81, .length = 2},
                        usb_bytes("01 01"));
    usb.device->has_left(usb_bytes("02 01 fe 00"));
    usb.device->expects({.type = 0xa2, .request = 4, .value = 0, .index = 0x81, .length = 8},
                        usb_bytes("02 01 00 00 00 00 00 00"));
    usb.device->has_left({});
    usb.device->expects({.type = 0xa2, .request = 4, .value = 0, .index = 0x81, .length = 8},
                        usb_bytes("01 00 00 00 04 00 00 00"));
    // INITIATE_CLEAR, CHECK_CLEAR_STATUS: busy, something left in the FIFO, done.
    usb.device->expects({.type = 0xa1, .request = 5, .value = 0, .index = 2, .length = 1},
                        usb_bytes("01"));
    usb.device->expects({.type = 0xa1, .request = 6, .value = 0, .index = 2, .length = 2},
                        usb_bytes("02 00"));
    usb.device->expects({.type = 0xa1, .request = 6, .value = 0, .index = 2, .length = 2},
                        usb_bytes("02 01"));
    usb.device->has_left(UsbBytes(65600)); // more than is taken at once
    usb.device->has_left({});
    usb.device->expects({.type = 0xa1, .request = 6, .value = 0, .index = 2, .length = 2},
                        usb_bytes("01 00"));
    usb.device->expects_clear_halt(Bulk::out);
    usb.transport.clear({});
    REQUIRE(usb.device->left() == 0);

    usb.device->expects(request(2));
    usb.device->answers(piece(2, "new", true));
    REQUIRE(usb.line() == "new");
}

TEST_CASE("USBTMC: after a message that was not taken, clear aborts it") {
    Usb usb;
    usb.device->expects(usb_bytes("01 01 fe 00 04 00 00 00 01 00 00 00 '*CLS'"));
    usb.device->hangs();
    REQUIRE(code_of([&] { usb.transport.write("*CLS", {}); }) == Code::deadline_exceeded);
    SECTION("which the device knows of") {
        usb.device->expects({.type = 0xa2, .request = 1, .value = 1, .index = 0x02, .length = 2},
                            usb_bytes("01 01"));
        usb.device->expects({.type = 0xa2, .request = 2, .value = 0, .index = 0x02, .length = 8},
                            usb_bytes("02 00 00 00 00 00 00 00"));
        usb.device->expects({.type = 0xa2, .request = 2, .value = 0, .index = 0x02, .length = 8},
                            usb_bytes("01 00 00 00 10 00 00 00"));
        usb.device->expects_clear_halt(Bulk::out);
    }
    SECTION("which it does not know of") {
        usb.device->expects({.type = 0xa2, .request = 1, .value = 1, .index = 0x02, .length = 2},
                            usb_bytes("81 00"));
    }
    SECTION("which it cannot abort") {
        usb.device->expects({.type = 0xa2, .request = 1, .value = 1, .index = 0x02, .length = 2},
                            {});
        usb.device->stalls();
    }
    usb.device->expects_clear();
    usb.transport.clear({});
    REQUIRE(usb.device->left() == 0);
}

TEST_CASE("USBTMC: a device that cannot be cleared is unavailable, and connected to anew") {
    Usb usb;
    SECTION("it says so") {
        usb.device->expects({.type = 0xa1, .request = 5, .value = 0, .index = 2, .length = 1},
                            usb_bytes("80"));
    }
    SECTION("it refuses the request") {
        usb.device->expects({.type = 0xa1, .request = 5, .value = 0, .index = 2, .length = 1}, {});
        usb.device->stalls();
    }
    SECTION("it never is done") {
        usb.device->expects({.type = 0xa1, .request = 5, .value = 0, .index = 2, .length = 1},
                            usb_bytes("01"));
        for (int i = 0; i < 250; ++i) {
            usb.device->expects({.type = 0xa1, .request = 6, .value = 0, .index = 2, .length = 2},
                                usb_bytes("02 00"));
        }
    }
    REQUIRE(code_of([&] { usb.transport.clear({}); }) == Code::unavailable);
    REQUIRE(usb.device->left() == 0);
    REQUIRE_FALSE(usb.transport.connected());
    usb.device->expects_greeting();
    usb.transport.clear({});
    REQUIRE(usb.transport.connected());
}

TEST_CASE("USBTMC: a device that takes or says nothing by its nature is refused") {
    test::SwiftClock clock;
    transports::TrafficLog log(clock);
    auto made = std::make_unique<test::ScriptedUsbDevice>();
    test::ScriptedUsbDevice& device = *made;
    UsbtmcTransport transport("USB0::1::2::3::INSTR", std::move(made), clock, log);
    UsbBytes capabilities(24);
    capabilities[0] = std::byte{1};
    capabilities[4] = GENERATE(std::byte{1}, std::byte{2});
    device.expects({.type = 0xa1, .request = 7, .value = 0, .index = 2, .length = 24},
                   capabilities);
    REQUIRE(code_of([&] { transport.connect({}); }) == Code::unavailable);
    REQUIRE(device.closed() == 1);
}

TEST_CASE(
    "USBTMC: a device that goes away at whatever step is unavailable, and nothing is left open") {
    std::size_t step = 0;
    for (bool succeeded = false; !succeeded; ++step) {
        CAPTURE(step);
        test::SwiftClock clock;
        transports::TrafficLog log(clock);
        auto made = std::make_unique<test::ScriptedUsbDevice>();
        test::ScriptedUsbDevice& device = *made;
        UsbtmcTransport transport("USB0::1::2::3::INSTR", std::move(made), clock, log);
        device.expects_greeting();
        device.expects(usb_bytes("01 01 fe 00 05 00 00 00 01 00 00 00 '*IDN?' 00 00 00"));
        device.expects(request(2));
        device.answers(piece(2, "a", false));
        device.expects(request(3));
        device.answers(piece(3, "b", true));
        device.expects_clear();
        device.fail_at(step);
        std::string answer;
        const Code code = code_of([&] {
            transport.connect({});
            transport.write("*IDN?", {});
            answer = transport.read_line({});
            transport.clear({});
        });
        succeeded = code == Code::ok;
        REQUIRE((succeeded || code == Code::unavailable));
        REQUIRE((!succeeded || answer == "ab"));
        REQUIRE(transport.connected() == succeeded);
    }
    REQUIRE(step == 14);
}

TEST_CASE("USBTMC: errors say which instrument, and are in its log") {
    Usb usb;
    usb.log.turn(true);
    usb.device->expects(request(1));
    usb.device->answers(usb_bytes("02 09 f6 00 01 00 00 00 01 00 00 00 'x' 00 00 00"));
    try {
        static_cast<void>(usb.line());
        FAIL("was taken");
    } catch (const Error& error) {
        REQUIRE_THAT(error.what(),
                     Catch::StartsWith("USB0::1::2::3::INSTR: ") && Catch::Contains("bTag is 9"));
    }
    REQUIRE_THAT(usb.log.after(0).back().text, Catch::Contains("bTag is 9"));
}
