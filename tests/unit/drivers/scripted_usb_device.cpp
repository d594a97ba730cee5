#include "tests/unit/drivers/scripted_usb_device.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace phyll::test {

using transports::Patience;
using transports::usbtmc::Bulk;
using transports::usbtmc::Moved;

UsbBytes usb_bytes(std::string_view written) {
    UsbBytes bytes;
    while (!written.empty()) {
        if (written.front() == ' ') {
            written.remove_prefix(1);
            continue;
        }
        if (written.front() == '\'') {
            const std::string_view text = written.substr(1, written.find('\'', 1) - 1);
            std::ranges::transform(text, std::back_inserter(bytes),
                                   [](char c) { return static_cast<std::byte>(c); });
            written.remove_prefix(text.size() + 2);
            continue;
        }
        unsigned value = 0;
        const std::string_view digits = written.substr(0, 2);
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        bytes.push_back(static_cast<std::byte>(value));
        written.remove_prefix(2);
    }
    return bytes;
}

void ScriptedUsbDevice::expects_greeting() {
    UsbBytes capabilities(24);
    capabilities[0] = std::byte{1};
    expects({.type = 0xa1, .request = 7, .value = 0, .index = 2, .length = 24}, capabilities);
    expects_clear();
}

void ScriptedUsbDevice::expects_clear() {
    expects({.type = 0xa1, .request = 5, .value = 0, .index = 2, .length = 1}, usb_bytes("01"));
    expects({.type = 0xa1, .request = 6, .value = 0, .index = 2, .length = 2}, usb_bytes("01 00"));
    expects_clear_halt(Bulk::out);
}

void ScriptedUsbDevice::open(const Patience& /*patience*/) {
    count();
    open_ = true;
}

void ScriptedUsbDevice::close() noexcept {
    open_ = false;
    ++closed_;
}

Moved ScriptedUsbDevice::send(std::span<const std::byte> bytes, const Patience& /*patience*/) {
    const Step step = next(Kind::send);
    if (!std::ranges::equal(bytes, step.bytes)) {
        throw std::logic_error("other bytes are sent than the script has");
    }
    return {.bytes = bytes.size(), .stalled = step.stalled};
}

Moved ScriptedUsbDevice::receive(std::span<std::byte> into, const Patience& /*patience*/) {
    if (into.size() % interface().in_packet != 0) {
        throw std::logic_error("room for part of a packet only");
    }
    return give(next(Kind::receive), into);
}

Moved ScriptedUsbDevice::receive_left(std::span<std::byte> into, const Patience& /*patience*/) {
    return give(next(Kind::receive_left), into);
}

Moved ScriptedUsbDevice::control(const Request& request, std::span<std::byte> into,
                                 const Patience& /*patience*/) {
    const Step step = next(Kind::control);
    if (request != step.request) {
        throw std::logic_error("another request is made than the script has");
    }
    return give(step, into);
}

void ScriptedUsbDevice::clear_halt(Bulk endpoint, const Patience& /*patience*/) {
    if (next(Kind::clear_halt).endpoint != endpoint) {
        throw std::logic_error("another endpoint is cleared than the script has");
    }
}

void ScriptedUsbDevice::count() {
    if (fail_at_ && done_ >= *fail_at_) {
        close();
        throw Error(Code::unavailable, "it was pulled out");
    }
    ++done_;
}

ScriptedUsbDevice::Step ScriptedUsbDevice::next(Kind kind) {
    count();
    if (script_.empty() || script_.front().kind != kind) {
        throw std::logic_error("something else is done than the script has");
    }
    const Step step = script_.front();
    script_.pop_front();
    if (step.error) {
        throw Error(*step.error, "it did not do so in time");
    }
    return step;
}

Moved ScriptedUsbDevice::give(const Step& step, std::span<std::byte> into) {
    if (step.bytes.size() > into.size()) {
        throw std::logic_error("there is no room for what the script has");
    }
    std::ranges::copy(step.bytes, into.begin());
    return {.bytes = step.bytes.size(), .stalled = step.stalled};
}

} // namespace phyll::test
