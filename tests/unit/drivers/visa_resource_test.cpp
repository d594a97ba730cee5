#include "drivers/core/error.hpp"
#include "drivers/transports/visa_resource.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <variant>

using namespace phyll;
using transports::parse_visa;

namespace {

transports::SocketAddress socket(std::string_view text) {
    return std::get<transports::SocketAddress>(parse_visa(text));
}
transports::UsbAddress usb(std::string_view text) {
    return std::get<transports::UsbAddress>(parse_visa(text));
}
transports::SerialAddress serial(std::string_view text) {
    return std::get<transports::SerialAddress>(parse_visa(text));
}

} // namespace

TEST_CASE("resource strings of raw sockets are read") {
    const transports::SocketAddress address = socket("TCPIP0::192.168.1.7::5025::SOCKET");
    REQUIRE(address.host == "192.168.1.7");
    REQUIRE(address.port == 5025);
    REQUIRE(socket("tcpip::scope.lab::1::socket").host == "scope.lab");
    REQUIRE(socket("TCPIP12::h::65535::SOCKET").port == 65535);
}

TEST_CASE("resource strings of USB instruments are read") {
    const transports::UsbAddress address = usb("USB0::0x0AAD::0x0197::101234::INSTR");
    REQUIRE(address.vendor == 0x0aad);
    REQUIRE(address.product == 0x0197);
    REQUIRE(address.serial == "101234");
    REQUIRE_FALSE(address.interface);
    const transports::UsbAddress decimal = usb("usb::2733::407::My-1 2::3::instr");
    REQUIRE(decimal.vendor == 0x0aad);
    REQUIRE(decimal.product == 0x0197);
    REQUIRE(decimal.serial == "My-1 2");
    REQUIRE(decimal.interface == 3);
}

TEST_CASE("resource strings of serial lines are read") {
    REQUIRE(serial("ASRL/dev/ttyUSB0::INSTR").device == "/dev/ttyUSB0");
    REQUIRE(serial("asrl/dev/serial/by-id/usb-FTDI_X:1-if00::instr").device ==
            "/dev/serial/by-id/usb-FTDI_X:1-if00");
}

TEST_CASE("a resource string that is none is refused, with what would be valid") {
    const auto text = GENERATE(
        as<std::string>(), "", "TCPIP0", "TCPIP0::h::5025", "192.168.1.7:5025",
        "TCPIP0::h::0::SOCKET", "TCPIP0::h::65536::SOCKET", "TCPIP0::h::x::SOCKET",
        "TCPIP0::::5025::SOCKET", "TCPIP0::h::5025::INSTR", "GPIB0::5::INSTR",
        "TCPIPx::h::5025::SOCKET", "TCPIP0::h::5025::SOCKET::x", "USB0::0x0AAD::0x0197::INSTR",
        "USB0::0x0AAD::0x0197::::INSTR", "USB0::0x10000::0x0197::1::INSTR",
        "USB0::0x::0x0197::1::INSTR", "USB0::0AAD::0x0197::1::INSTR",
        "USB0::0x0AAD::0x0197::1::256::INSTR", "USB0::0x0AAD::0x0197::1::0::0::INSTR",
        "USB0::0x0AAD::0x0197::1::RAW", "ASRL1::INSTR", "ASRL::INSTR", "ASRL/dev/ttyUSB0",
        "ASRLttyUSB0::INSTR", "ASRL/dev/ttyUSB0::SOCKET");
    CAPTURE(text);
    try {
        static_cast<void>(parse_visa(text));
        FAIL("was taken");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        REQUIRE(error.violations().at(0).field == "address");
        REQUIRE_THAT(error.what(), Catch::Contains("'" + text + "'") &&
                                       Catch::Contains("TCPIP0::HOST::PORT::SOCKET") &&
                                       Catch::Contains("USB0::VENDOR::PRODUCT::SERIAL::INSTR") &&
                                       Catch::Contains("ASRL/dev/ttyUSB0::INSTR"));
    }
}

TEST_CASE("only what carries plain bytes is opened as a port for them") {
    const SystemClock clock;
    transports::TrafficLog log(clock);
    const auto open = [&](const char* address) {
        return transports::open_byte_port(address, {}, clock, log);
    };
    REQUIRE(open("ASRL/dev/ttyUSB0::INSTR")->address() == "ASRL/dev/ttyUSB0::INSTR");
    REQUIRE(open("TCPIP0::h::1::SOCKET")->address() == "TCPIP0::h::1::SOCKET");
    try {
        static_cast<void>(open("USB0::1::2::3::INSTR"));
        FAIL("was taken");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        REQUIRE(error.violations().at(0).field == "address");
    }
}
