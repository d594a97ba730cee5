// The transport by libusb against instruments on an emulated bus, which know nothing of it. The
// program runs with libumockdev-preload, which is between libusb and the system.

#include "drivers/core/error.hpp"
#include "drivers/transports/visa_resource.hpp"
#include "sim/bench/electronic/electronic_bench.hpp"
#include "sim/bench/server/bench.hpp"
#include "sim/bench/usb/over_usb.hpp"
#include "tests/conformance/prodded_clock.hpp"
#include "tests/support/await.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace phyll;
using namespace std::chrono_literals;
using bench::Fault;
using transports::Patience;
using transports::Transport;

namespace {

/// The electronic bench on USB, and a transport to its generator.
struct Usb {
    [[nodiscard]] std::unique_ptr<Transport> open(std::size_t instrument = 0) {
        return transports::open_visa(there.addresses().at(instrument), {}, clock, log);
    }
    /// Longer than anything takes on a busy machine.
    [[nodiscard]] Patience patience() const {
        return {.deadline = Deadline::after(clock, 30s), .stop = {}};
    }
    std::string ask(std::string_view question) {
        generator->write(question, patience());
        return generator->read_line(patience());
    }
    void order(Fault fault, Seconds seconds = Seconds(0)) {
        there.misbehave("generator", {.fault = fault, .at = 0, .seconds = seconds});
    }
    [[nodiscard]] std::uint64_t figure(std::string_view name) {
        const auto figures = there.status("generator").figures;
        const auto found = std::ranges::find(figures, name, &bench::Figure::name);
        REQUIRE(found != figures.end());
        return found->value;
    }
    /// Connects as soon as the instrument is there.
    void connect_again() {
        test::await([&] {
            try {
                generator->connect(patience());
                return true;
            } catch (const Error& error) {
                REQUIRE(error.code() == Code::unavailable);
                return false;
            }
        });
    }

    SystemClock clock;
    transports::TrafficLog log{clock};
    bench::Bench there{*bench::usb::over_usb(bench::electronic_plan({}))};
    std::unique_ptr<Transport> generator = open();
};

template <class What>
Error error_of_call(What what) {
    try {
        what();
    } catch (const Error& error) {
        return error;
    }
    return {Code::ok, "no error"};
}

/// A message that ends in a block of `size` bytes.
std::string with_block(std::string_view head, std::size_t size) {
    const std::string length = std::to_string(size);
    std::string message(head);
    message += '#' + std::to_string(length.size()) + length;
    return message + std::string(size, '\0');
}

} // namespace

TEST_CASE("an instrument is found by its serial number, and the kernel has it back afterwards") {
    Usb usb;
    REQUIRE(usb.figure("kernel_driver") == 1);
    usb.generator->connect(usb.patience());
    REQUIRE(usb.generator->connected());
    REQUIRE(usb.figure("kernel_driver") == 0);
    REQUIRE(usb.ask("*IDN?") == usb.there.status("generator").identity);
    REQUIRE(usb.there.status("generator").connections == 1);
    usb.generator.reset();
    REQUIRE(usb.figure("kernel_driver") == 1);
}

TEST_CASE("several lines of an answer, errors and long messages go over USB") {
    Usb usb;
    usb.generator->connect(usb.patience());
    usb.generator->write("NO:SUCH", usb.patience());
    REQUIRE_THAT(usb.ask("SYST:ERR?"), Catch::StartsWith("-113"));
    // More than one transfer holds.
    usb.generator->write(with_block("DATA:ARB:DAC w,", 1'400'000), usb.patience());
    REQUIRE(usb.ask("SYST:ERR?") == "+0,\"No error\"");
    usb.generator->write("FUNC:ARB \"W\"", usb.patience());
    REQUIRE(usb.ask("SYST:ERR?") == "+0,\"No error\"");
}

TEST_CASE("a block comes over USB, also in many short transfers") {
    Usb usb;
    const auto digitiser = usb.open(1);
    usb.generator->connect(usb.patience());
    digitiser->connect(usb.patience());
    digitiser->write("*RST;:TIM:REF LEFT;POS 0;RANG 1E-3;:CHAN3:DISP ON;:TRIG:EDGE:SOUR EXT;LEV 1",
                     usb.patience());
    digitiser->write(":TRIG:SWE NORM;:WAV:FORM WORD;POIN:MODE RAW;:WAV:POIN 2000;:SING",
                     usb.patience());
    usb.generator->write(with_block("*RST;:DATA:ARB:DAC w,", 64), usb.patience());
    usb.generator->write("FUNC:ARB \"W\";:BURS:MODE TRIG;NCYC 1;STAT ON;:TRIG:SOUR BUS;:OUTP:TRIG "
                         "ON;:OUTP ON;*TRG",
                         usb.patience());
    REQUIRE(usb.ask("*OPC?") == "1");
    const bool is_short = GENERATE(false, true);
    digitiser->write(":WAV:SOUR CHAN3", usb.patience());
    if (is_short) {
        usb.there.misbehave("digitiser", {.fault = Fault::short_read, .at = 0});
    }
    digitiser->write(":WAV:DATA?", usb.patience());
    REQUIRE(digitiser->read_block(10'000, usb.patience()).size() == 4000);
    digitiser->write(":SYST:ERR?", usb.patience());
    REQUIRE(digitiser->read_line(usb.patience()) == "+0,\"No error\"");
}

TEST_CASE("a wait for a USB instrument ends at the deadline and on a request to stop") {
    Usb usb;
    conformance::ProddedClock clock;
    const auto generator = transports::open_visa(usb.there.addresses().at(0), {}, clock, usb.log);
    generator->connect({});
    const Patience patience{.deadline = Deadline::after(clock, 1h), .stop = {}};
    Code code = Code::ok;
    std::thread waiting([&] {
        code = error_of_call([&] { static_cast<void>(generator->read_line(patience)); }).code();
    });
    clock.advance(1h);
    waiting.join();
    REQUIRE(code == Code::deadline_exceeded);
    generator->clear({});
    for (int i = 0; i < 10; ++i) {
        std::stop_source stop;
        std::thread stopping([&] { stop.request_stop(); });
        REQUIRE(error_of_call([&] {
                    static_cast<void>(
                        generator->read_line({.deadline = {}, .stop = stop.get_token()}));
                }).code() == Code::cancelled);
        stopping.join();
        generator->clear({});
        generator->write("*OPC?", {});
        REQUIRE(generator->read_line({}) == "1");
    }
}

TEST_CASE("a late answer over USB is not taken for that of a later question") {
    Usb usb;
    usb.generator->connect(usb.patience());
    usb.order(Fault::stick);
    usb.generator->write("*IDN?", usb.patience());
    std::stop_source stop;
    stop.request_stop();
    REQUIRE(error_of_call([&] {
                static_cast<void>(
                    usb.generator->read_line({.deadline = {}, .stop = stop.get_token()}));
            }).code() == Code::cancelled);
    usb.there.release("generator");
    usb.generator->clear(usb.patience());
    REQUIRE(usb.ask("*OPC?") == "1");
}

TEST_CASE("a stalled endpoint is cleared, and the instrument goes on") {
    Usb usb;
    usb.generator->connect(usb.patience());
    usb.order(Fault::stall);
    usb.generator->write("*IDN?", usb.patience());
    const Error error =
        error_of_call([&] { static_cast<void>(usb.generator->read_line(usb.patience())); });
    REQUIRE(error.code() == Code::unavailable);
    REQUIRE_THAT(error.what(), Catch::Contains("stalled"));
    usb.generator->clear(usb.patience());
    REQUIRE(usb.ask("*OPC?") == "1");
}

TEST_CASE("an instrument that is unplugged is found again under another number") {
    Usb usb;
    usb.generator->connect(usb.patience());
    const std::uint64_t number = usb.figure("device_number");
    SECTION("while it is waited for") {
        usb.order(Fault::unplug, Seconds(0.2));
        REQUIRE(error_of_call([&] { static_cast<void>(usb.ask("*IDN?")); }).code() ==
                Code::unavailable);
        REQUIRE_FALSE(usb.generator->connected());
    }
    SECTION("while nobody waits for it") {
        usb.there.misbehave("generator", {.fault = Fault::unplug, .seconds = Seconds(0.2)});
        test::await([&] { return !usb.generator->connected(); });
    }
    usb.connect_again();
    REQUIRE(usb.ask("*OPC?") == "1");
    REQUIRE(usb.figure("device_number") != number);
}

TEST_CASE("an instrument that is switched off and on is found again") {
    Usb usb;
    usb.generator->connect(usb.patience());
    usb.order(Fault::power_cycle, Seconds(0.1));
    REQUIRE(error_of_call([&] { static_cast<void>(usb.ask("*IDN?")); }).code() ==
            Code::unavailable);
    usb.connect_again();
    REQUIRE(usb.ask("*OPC?") == "1");
}

TEST_CASE("who has a USB instrument keeps others from it, until his transport is shut") {
    Usb usb;
    usb.generator->connect(usb.patience());
    const auto other = usb.open();
    const Error error = error_of_call([&] { other->connect(usb.patience()); });
    REQUIRE(error.code() == Code::unavailable);
    REQUIRE_THAT(error.what(), Catch::Contains("another program holds it"));
    SECTION("while nobody uses it") {
        usb.generator->shut();
    }
    SECTION("while somebody waits for an answer") {
        std::thread shutting([&] { usb.generator->shut(); });
        REQUIRE(error_of_call([&] {
                    static_cast<void>(usb.generator->read_line(usb.patience()));
                }).code() == Code::unavailable);
        shutting.join();
    }
    REQUIRE_FALSE(usb.generator->connected());
    other->connect(usb.patience());
    other->write("*OPC?", usb.patience());
    REQUIRE(other->read_line(usb.patience()) == "1");
    REQUIRE(error_of_call([&] { usb.generator->connect(usb.patience()); }).code() ==
            Code::unavailable);
}

TEST_CASE("a USB instrument that is not there is said with what is there instead") {
    Usb usb;
    std::string address = usb.there.addresses().at(0);
    const std::size_t serial = address.find("PHYLLSIM");
    const std::string wanted = address.substr(serial, address.rfind("::") - serial);
    address.replace(serial, wanted.size(), "OTHER");
    const auto other = transports::open_visa(address, {}, usb.clock, usb.log);
    const Error error = error_of_call([&] { other->connect(usb.patience()); });
    REQUIRE(error.code() == Code::unavailable);
    REQUIRE_THAT(error.what(), Catch::Contains("'" + wanted + "'"));

    const auto nothing =
        transports::open_visa("USB0::0xFFFF::0x0001::1::INSTR", {}, usb.clock, usb.log);
    const Error nobody = error_of_call([&] { nothing->connect(usb.patience()); });
    REQUIRE(nobody.code() == Code::unavailable);
    REQUIRE_THAT(nobody.what(), Catch::Contains("plugged in"));
}
