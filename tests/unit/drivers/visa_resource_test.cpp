#include "drivers/core/error.hpp"
#include "drivers/transports/visa_resource.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace phyll;
using transports::parse_visa;

TEST_CASE("resource strings of raw sockets are read") {
    const transports::SocketAddress address = parse_visa("TCPIP0::192.168.1.7::5025::SOCKET");
    REQUIRE(address.host == "192.168.1.7");
    REQUIRE(address.port == 5025);
    REQUIRE(parse_visa("tcpip::scope.lab::1::socket").host == "scope.lab");
    REQUIRE(parse_visa("TCPIP12::h::65535::SOCKET").port == 65535);
}

TEST_CASE("a resource string that is none is refused, with what would be valid") {
    const auto text =
        GENERATE(as<std::string>(), "", "TCPIP0", "TCPIP0::h::5025", "192.168.1.7:5025",
                 "TCPIP0::h::0::SOCKET", "TCPIP0::h::65536::SOCKET", "TCPIP0::h::x::SOCKET",
                 "TCPIP0::::5025::SOCKET", "TCPIP0::h::5025::INSTR", "GPIB0::5::INSTR",
                 "TCPIPx::h::5025::SOCKET", "TCPIP0::h::5025::SOCKET::x");
    CAPTURE(text);
    try {
        static_cast<void>(parse_visa(text));
        FAIL("was taken");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        REQUIRE(error.violations().at(0).field == "address");
        REQUIRE(std::string(error.what()).find("TCPIP0::HOST::PORT::SOCKET") != std::string::npos);
    }
}
