// The bench's USB devices as libusb sees them, in one process that runs with libumockdev-preload.

#include "drivers/core/error.hpp"
#include "sim/bench/electronic/electronic_bench.hpp"
#include "sim/bench/usb/over_usb.hpp"
#include "tests/support/await.hpp"
#include "tests/unit/bench/usb_client.hpp"

#include <catch2/catch.hpp>

#include <ctime>
#include <string>

using namespace phyll;
using bench::Fault;
using test::UsbClient;

namespace {

constexpr std::uint16_t keysight = 0x0957;
constexpr std::uint16_t trueform = 0x2C07;

struct UsbBench {
    UsbBench() : bench(*bench::usb::over_usb(bench::electronic_plan({}))) {}

    void open() { REQUIRE(client.open(keysight, trueform) == LIBUSB_SUCCESS); }
    void misbehave(const bench::Misbehave& order) { bench.misbehave("generator", order); }
    [[nodiscard]] std::uint64_t figure(const std::string& name) {
        for (const bench::Figure& figure : bench.status("generator").figures) {
            if (figure.name == name) {
                return figure.value;
            }
        }
        FAIL("there is no figure " << name);
        return 0;
    }
    [[nodiscard]] std::string next_error() { return client.query("SYST:ERR?"); }

    bench::Bench bench;
    UsbClient client;
};

const std::string no_error = "+0,\"No error\"";

} // namespace

TEST_CASE("an instrument is a USB device with the maker's ids, and its serial number") {
    UsbBench usb;
    REQUIRE(usb.client.arrivals() == 2);
    const auto status = usb.bench.status("generator");
    usb.open();
    const std::string serial = usb.client.string(3);
    REQUIRE(serial.starts_with("PHYLLSIM-G"));
    REQUIRE(usb.bench.addresses()[0] == "USB0::0x0957::0x2C07::" + serial + "::INSTR");
    REQUIRE(usb.bench.addresses()[1].starts_with("USB0::0x2A8D::0x1766::PHYLLSIM-D"));
    REQUIRE(usb.bench.config().find("address = \"USB0::0x0957::") != std::string::npos);
    REQUIRE(usb.client.string(2) == "33512B");
    REQUIRE(usb.client.query("*IDN?") == status.identity);
    REQUIRE(usb.bench.status("generator").address == usb.bench.addresses()[0]);
    REQUIRE(usb.bench.environment().size() == 2);
}

TEST_CASE("the kernel's driver is detached while somebody uses the interface, and given back") {
    UsbBench usb;
    REQUIRE(usb.figure("kernel_driver") == 1);
    REQUIRE(usb.bench.status("generator").connections == 0);
    usb.open();
    REQUIRE_FALSE(usb.client.kernel_driver());
    REQUIRE(usb.figure("kernel_driver") == 0);
    REQUIRE(usb.bench.status("generator").connections == 1);
    usb.client.close();
    REQUIRE(usb.figure("kernel_driver") == 1);
    REQUIRE(usb.bench.status("generator").connections == 0);
    usb.open();
    UsbClient second;
    REQUIRE(second.open(keysight, trueform) == LIBUSB_ERROR_BUSY);
}

TEST_CASE("blocks go both ways, in whole and in parts") {
    UsbBench usb;
    usb.open();
    std::string block = "DATA:ARB w";
    for (int i = 0; i < 60000; ++i) {
        block += i % 2 == 0 ? ",0.25" : ",-0.5";
    }
    REQUIRE(usb.client.query(block + ";:FUNC:ARB w;:FUNC:ARB:POIN?") == "+60000");
    REQUIRE(usb.next_error() == no_error);
    const std::string whole = usb.client.query("*IDN?");
    REQUIRE(usb.client.query("*IDN?", 4) == whole);
}

TEST_CASE("an instrument that has nothing to say lets the reader wait, and costs nothing") {
    UsbBench usb;
    usb.open();
    REQUIRE(usb.client.ask(100) == LIBUSB_SUCCESS);
    std::string text;
    bool end = false;
    const std::clock_t before = std::clock();
    REQUIRE(usb.client.read(text, end, 500) == LIBUSB_ERROR_TIMEOUT);
    REQUIRE(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC < 0.25);
    const std::uint8_t tag = usb.client.last_tag();
    REQUIRE(usb.client.request(2, 3, tag, 0x81, 2) == std::vector<std::uint8_t>{1, tag});
    REQUIRE(usb.client.request(2, 4, 0, 0x81, 8)[0] == 2);
    REQUIRE(usb.client.read(text, end) == LIBUSB_SUCCESS);
    REQUIRE(text.empty());
    REQUIRE(usb.client.request(2, 4, 0, 0x81, 8)[0] == 1);
    REQUIRE_FALSE(usb.client.query("*IDN?").empty());
}

TEST_CASE("device clear drops the reply that nobody fetched") {
    UsbBench usb;
    usb.open();
    REQUIRE(usb.client.write("*IDN?") == LIBUSB_SUCCESS);
    REQUIRE(usb.client.request(1, 5, 0, 0, 1) == std::vector<std::uint8_t>{1});
    REQUIRE(usb.client.write("*CLS") == LIBUSB_ERROR_PIPE);
    REQUIRE(usb.client.request(1, 6, 0, 0, 2)[0] == 2);
    REQUIRE(usb.client.request(1, 6, 0, 0, 2)[0] == 1);
    REQUIRE(usb.client.clear_halt(0x02) == LIBUSB_SUCCESS);
    REQUIRE(usb.next_error() == no_error);
    REQUIRE(usb.client.write("*IDN?") == LIBUSB_SUCCESS);
    REQUIRE(usb.next_error() == "-410,\"Query INTERRUPTED\"");
}

TEST_CASE("a device that is unplugged comes back with another number and what was set") {
    UsbBench usb;
    usb.open();
    const int number = usb.client.device_number();
    REQUIRE(usb.client.write("OUTP:LOAD INF;:OUTP ON") == LIBUSB_SUCCESS);
    usb.client.submit_read();
    SECTION("by an order") {
        usb.misbehave({.fault = Fault::unplug});
    }
    SECTION("when it is to drop the connection") {
        usb.misbehave({.fault = Fault::disconnect});
        static_cast<void>(usb.client.write("*CLS"));
    }
    test::await([&] {
        usb.client.handle_events();
        return usb.client.read_status() >= 0 && usb.client.departures() == 1 &&
               usb.client.arrivals() == 3;
    });
    REQUIRE(usb.client.read_status() == LIBUSB_TRANSFER_NO_DEVICE);
    REQUIRE(usb.client.write("*CLS") == LIBUSB_ERROR_NO_DEVICE);
    usb.client.close();
    REQUIRE(usb.figure("kernel_driver") == 1);
    usb.open();
    REQUIRE(usb.client.device_number() != number);
    REQUIRE(usb.figure("device_number") == static_cast<std::uint64_t>(usb.client.device_number()));
    REQUIRE(usb.client.query("OUTP?") == "1");
}

TEST_CASE("a device that is switched off is gone, and comes back with nothing set") {
    UsbBench usb;
    usb.open();
    REQUIRE(usb.client.query("OUTP ON;:OUTP?") == "1");
    usb.misbehave({.fault = Fault::power_cycle, .seconds = Seconds(0.2)});
    REQUIRE(usb.client.write("*CLS") == LIBUSB_ERROR_NO_DEVICE);
    usb.client.close();
    REQUIRE(usb.figure("device_number") == 0);
    REQUIRE(usb.client.open(keysight, trueform) == LIBUSB_ERROR_NOT_FOUND);
    test::await([&] {
        usb.client.handle_events();
        return usb.client.arrivals() == 3;
    });
    usb.open();
    REQUIRE(usb.client.query("OUTP?") == "0");
}

TEST_CASE("endpoints stall, and replies come in short transfers, by order") {
    UsbBench usb;
    usb.open();
    usb.misbehave({.fault = Fault::stall});
    REQUIRE(usb.client.write("*IDN?") == LIBUSB_SUCCESS);
    REQUIRE(usb.client.ask(100) == LIBUSB_SUCCESS);
    std::string text;
    bool end = false;
    REQUIRE(usb.client.read(text, end) == LIBUSB_ERROR_PIPE);
    REQUIRE(usb.client.clear_halt(0x81) == LIBUSB_SUCCESS);
    const std::string identity = usb.client.query("*IDN?");
    REQUIRE(usb.figure("stalls") == 1);

    usb.misbehave({.fault = Fault::short_read});
    REQUIRE(usb.client.query("*IDN?") == identity);
    usb.misbehave({.fault = Fault::short_read});
    REQUIRE(usb.client.write("*IDN?") == LIBUSB_SUCCESS);
    REQUIRE(usb.client.ask(1000) == LIBUSB_SUCCESS);
    REQUIRE(usb.client.read(text, end) == LIBUSB_SUCCESS);
    REQUIRE(text.size() < identity.size() / 2);
    REQUIRE_FALSE(end);
}
