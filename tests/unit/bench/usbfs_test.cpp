// What Linux does between a USB device and its clients.

#include "sim/bench/usb/usb_device.hpp"
#include "sim/bench/usb/usbfs.hpp"
#include "tests/unit/bench/usbtmc_interface.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

using namespace phyll::bench::usb;
using namespace phyll::test;

namespace {

/// A device that is plugged in, and two files of its node.
struct Plugged {
    Plugged()
        : device({.ids = {.vendor = 0x1AB1, .product = 0x0515},
                  .manufacturer = "M",
                  .product = "P",
                  .serial = "S1"},
                 usb.function),
          linux_side(device) {
        linux_side.on_reapable([this](bool yes) { reapable = yes; });
    }

    int submit(Urb urb, File by) {
        urb.file = by;
        return linux_side.submit(std::make_shared<Urb>(std::move(urb)));
    }
    int submit_in(std::uint64_t address) {
        return submit({.endpoint = bulk_in, .room = 4096, .address = address}, one);
    }

    Interface usb;
    UsbDevice device;
    Usbfs linux_side;
    bool reapable = false;
    int files[2] = {};
    File one = &files[0];
    File other = &files[1];
};

} // namespace

TEST_CASE("the descriptors say USBTMC with USB488 and three endpoints") {
    Plugged plugged;
    const Bytes bytes = descriptors_of(plugged.device.identity());
    REQUIRE(bytes.size() == 18 + 9 + 9 + 21);
    REQUIRE(Bytes(bytes.begin() + 8, bytes.begin() + 12) == Bytes{0xB1, 0x1A, 0x15, 0x05});
    REQUIRE(bytes[18 + 2] == 9 + 9 + 21);
    REQUIRE(Bytes(bytes.begin() + 27 + 4, bytes.begin() + 27 + 8) == Bytes{3, 0xFE, 3, 1});
}

TEST_CASE("standard requests are answered on the control endpoint") {
    Plugged plugged;
    const auto control = [&](Bytes setup) -> std::pair<int, Bytes> {
        Urb urb{.kind = Urb::Kind::control, .out = std::move(setup)};
        const auto status = plugged.device.transfer(urb);
        REQUIRE(status);
        return {*status, urb.in};
    };
    REQUIRE(control({0x80, 6, 3, 3, 9, 4, 255, 0}) == std::pair(0, Bytes{6, 3, 'S', 0, '1', 0}));
    REQUIRE(control({0x80, 6, 0, 3, 0, 0, 255, 0}) == std::pair(0, Bytes{4, 3, 9, 4}));
    REQUIRE(control({0x80, 6, 9, 3, 9, 4, 255, 0}).first == -EPIPE);
    REQUIRE(control({0x80, 6, 0, 1, 0, 0, 2, 0}) == std::pair(0, Bytes{18, 1}));
    REQUIRE(control({0x82, 0, 0, 0, bulk_out, 0, 2, 0}) == std::pair(0, Bytes{0, 0}));
    REQUIRE(control({0x02, 3, 0, 0, bulk_out, 0, 0, 0}).first == 0);
    REQUIRE(control({0x82, 0, 0, 0, bulk_out, 0, 2, 0}) == std::pair(0, Bytes{1, 0}));
    REQUIRE(control({0x02, 1, 0, 0, bulk_out, 0, 0, 0}).first == 0);
    REQUIRE_FALSE(plugged.usb.function.halted(bulk_out));
    REQUIRE(control({0x80, 8, 0, 0, 0, 0, 1, 0}) == std::pair(0, Bytes{1}));
    REQUIRE(control({0xA1, 7, 0, 0, 0, 0, 4, 0}) == std::pair(0, Bytes{1, 0, 0, 1}));
    REQUIRE(control({0x40, 1, 0, 0, 0, 0, 0, 0}).first == -EPIPE);
    REQUIRE(control({0x80}).first == -EINVAL);
}

TEST_CASE("the kernel's driver has the interface until it is detached") {
    Plugged plugged;
    Usbfs& usbfs = plugged.linux_side;
    REQUIRE(std::string(usbfs.driver()) == "usbtmc");
    REQUIRE(usbfs.claim(plugged.one) == EBUSY);
    REQUIRE(plugged.submit_in(1) == EBUSY);
    REQUIRE(usbfs.disconnect_driver() == 0);
    REQUIRE(usbfs.disconnect_driver() == ENODATA);
    REQUIRE(usbfs.driver() == nullptr);
    REQUIRE(usbfs.claim(plugged.one) == 0);
    REQUIRE(std::string(usbfs.driver()) == "usbfs");
    REQUIRE(usbfs.claim(plugged.other) == EBUSY);
    REQUIRE(usbfs.connect_driver() == EBUSY);
    REQUIRE(usbfs.release(plugged.other) == EINVAL);
    REQUIRE(usbfs.release(plugged.one) == 0);
    REQUIRE(usbfs.connect_driver() == 0);
    REQUIRE(usbfs.has_kernel_driver());
}

TEST_CASE("a transfer waits until it is done, discarded, or the device is gone") {
    Plugged plugged;
    Usbfs& usbfs = plugged.linux_side;
    REQUIRE(usbfs.disconnect_driver() == 0);
    REQUIRE(plugged.submit_in(1) == 0);
    REQUIRE_FALSE(plugged.reapable);
    REQUIRE(usbfs.discard(plugged.one, 2) == EINVAL);
    REQUIRE(usbfs.discard(plugged.one, 1) == 0);
    REQUIRE(plugged.reapable);
    REQUIRE(usbfs.reap(plugged.other) == nullptr);
    REQUIRE(usbfs.reap(plugged.one)->status == -ENOENT);
    REQUIRE_FALSE(plugged.reapable);

    REQUIRE(plugged.submit_in(3) == 0);
    REQUIRE(plugged.submit({.endpoint = bulk_out, .out = message(1, "A?"), .address = 4},
                           plugged.one) == 0);
    REQUIRE(usbfs.reap(plugged.one)->address == 4);
    REQUIRE_FALSE(plugged.reapable);
    REQUIRE(plugged.submit({.endpoint = bulk_out, .out = request_in(2, 100), .address = 5},
                           plugged.one) == 0);
    REQUIRE(usbfs.reap(plugged.one)->address == 5);
    const auto in = usbfs.reap(plugged.one);
    REQUIRE(in->address == 3);
    REQUIRE(in->status == 0);
    REQUIRE(in->in == reply(2, "answer\n", 1));

    REQUIRE(plugged.submit_in(6) == 0);
    usbfs.unplug();
    REQUIRE(plugged.reapable);
    REQUIRE(usbfs.reap(plugged.one)->status == -ESHUTDOWN);
    REQUIRE_FALSE(usbfs.plugged());
}

TEST_CASE("a program that closes the node leaves nothing behind") {
    Plugged plugged;
    Usbfs& usbfs = plugged.linux_side;
    REQUIRE(usbfs.disconnect_driver() == 0);
    REQUIRE(plugged.submit_in(1) == 0);
    REQUIRE(plugged.submit({.endpoint = bulk_out, .out = message(1, "SET"), .address = 2},
                           plugged.one) == 0);
    REQUIRE(plugged.reapable);
    usbfs.close(plugged.one);
    REQUIRE_FALSE(plugged.reapable);
    REQUIRE(usbfs.claim(plugged.other) == 0);
    REQUIRE(usbfs.reap(plugged.one) == nullptr);
}
