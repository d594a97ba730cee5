#include "sim/bench/usb/usb_device.hpp"

#include <algorithm>
#include <cerrno>
#include <span>
#include <string_view>

namespace phyll::bench::usb {
namespace {

constexpr std::size_t setup_size = 8;
constexpr std::uint8_t direction_in = 0x80;
constexpr std::uint8_t request_kind = 0x60;
constexpr std::uint8_t request_class = 0x20;
constexpr std::uint8_t request_recipient = 0x1F;
constexpr std::uint8_t to_endpoint = 2;

constexpr std::uint8_t device_descriptor = 1;
constexpr std::uint8_t configuration_descriptor = 2;
constexpr std::uint8_t string_descriptor = 3;
constexpr std::uint8_t device_descriptor_size = 18;

constexpr std::uint8_t low(unsigned value) {
    return static_cast<std::uint8_t>(value);
}

constexpr std::uint8_t high(unsigned value) {
    return static_cast<std::uint8_t>(value >> 8U);
}

Bytes device_bytes(const UsbIds& ids) {
    constexpr std::uint8_t control_packet = 64;
    // USB 2.0, class in the interface; strings 1 to 3; one configuration.
    return {device_descriptor_size,
            device_descriptor,
            0x00,
            0x02,
            0,
            0,
            0,
            control_packet,
            low(ids.vendor),
            high(ids.vendor),
            low(ids.product),
            high(ids.product),
            0x00,
            0x01,
            1,
            2,
            3,
            1};
}

Bytes configuration_bytes() {
    constexpr std::uint8_t size = 9 + 9 + 3 * 7;
    return {9,
            configuration_descriptor,
            size,
            0,
            1,
            1,
            0,
            0xC0,
            0, // self-powered
            9,
            4,
            0,
            0,
            3,
            0xFE,
            3,
            1,
            0, // USBTMC, USB488
            7,
            5,
            bulk_out,
            2,
            low(packet_size),
            high(packet_size),
            0,
            7,
            5,
            bulk_in,
            2,
            low(packet_size),
            high(packet_size),
            0,
            7,
            5,
            interrupt_in,
            3,
            8,
            0,
            9};
}

Bytes string_bytes(std::string_view text) {
    constexpr std::size_t longest = 126;
    text = text.substr(0, longest);
    Bytes bytes{low(static_cast<unsigned>(2 + 2 * text.size())), string_descriptor};
    for (const char c : text) {
        bytes.push_back(static_cast<std::uint8_t>(c));
        bytes.push_back(0);
    }
    return bytes;
}

unsigned two_bytes(const Bytes& bytes, std::size_t at) {
    return bytes[at] + 256U * bytes[at + 1];
}

} // namespace

Bytes descriptors_of(const UsbIdentity& identity) {
    Bytes bytes = device_bytes(identity.ids);
    const Bytes configuration = configuration_bytes();
    bytes.insert(bytes.end(), configuration.begin(), configuration.end());
    return bytes;
}

std::optional<int> UsbDevice::transfer(Urb& urb) {
    if (urb.kind == Urb::Kind::control) {
        return control(urb);
    }
    if (urb.endpoint == bulk_out) {
        return function_.bulk_out_bytes(urb.out) ? 0 : -EPIPE;
    }
    if (urb.endpoint == bulk_in) {
        UsbtmcFunction::In in = function_.bulk_in_bytes(urb.room);
        urb.in = std::move(in.bytes);
        switch (in.kind) {
        case UsbtmcFunction::In::Kind::nothing:
            return std::nullopt;
        case UsbtmcFunction::In::Kind::bytes:
            return 0;
        case UsbtmcFunction::In::Kind::stall:
            return -EPIPE;
        case UsbtmcFunction::In::Kind::overflow:
            return -EOVERFLOW;
        }
    }
    if (urb.endpoint == interrupt_in) {
        std::optional<Bytes> bytes = function_.notification();
        if (!bytes) {
            return std::nullopt;
        }
        urb.in = std::move(*bytes);
        return urb.in.size() <= urb.room ? 0 : -EOVERFLOW;
    }
    return -ENOENT;
}

int UsbDevice::control(Urb& urb) {
    if (urb.out.size() < setup_size) {
        return -EINVAL;
    }
    const std::uint8_t type = urb.out[0];
    const Request request{.number = urb.out[1],
                          .value = static_cast<std::uint16_t>(two_bytes(urb.out, 2)),
                          .index = static_cast<std::uint16_t>(two_bytes(urb.out, 4))};
    std::optional<Bytes> answer;
    if ((type & request_kind) == 0) {
        answer = standard(type & request_recipient, request);
    } else if ((type & request_kind) == request_class) {
        answer = function_.answer(request);
    }
    if (!answer) {
        return -EPIPE;
    }
    if ((type & direction_in) != 0) {
        answer->resize(std::min<std::size_t>(answer->size(), two_bytes(urb.out, 6)));
        urb.in = std::move(*answer);
    }
    return 0;
}

std::optional<Bytes> UsbDevice::standard(std::uint8_t recipient, const Request& request) {
    constexpr std::uint8_t get_status = 0;
    constexpr std::uint8_t clear_feature = 1;
    constexpr std::uint8_t set_feature = 3;
    constexpr std::uint8_t get_descriptor = 6;
    constexpr std::uint8_t get_configuration = 8;
    constexpr std::uint8_t set_configuration = 9;
    constexpr std::uint8_t get_interface = 10;
    constexpr std::uint8_t set_interface = 11;
    const auto endpoint = static_cast<std::uint8_t>(request.index);
    const bool of_halt = recipient == to_endpoint && request.value == 0;
    switch (request.number) {
    case get_status:
        return recipient == to_endpoint ? Bytes{low(function_.halted(endpoint) ? 1 : 0), 0}
                                        : Bytes{low(recipient == 0 ? 1 : 0), 0};
    case clear_feature:
        if (!of_halt) {
            return std::nullopt;
        }
        function_.clear_halt(endpoint);
        return Bytes{};
    case set_feature:
        if (!of_halt) {
            return std::nullopt;
        }
        function_.halt(endpoint);
        return Bytes{};
    case get_descriptor:
        return descriptor(request.value);
    case get_configuration:
        return Bytes{1};
    case set_configuration:
    case set_interface:
        function_.reset();
        return Bytes{};
    case get_interface:
        return Bytes{0};
    default:
        return std::nullopt;
    }
}

std::optional<Bytes> UsbDevice::descriptor(std::uint16_t value) const {
    switch (high(value)) {
    case device_descriptor:
        return device_bytes(identity_.ids);
    case configuration_descriptor:
        return configuration_bytes();
    case string_descriptor:
        switch (low(value)) {
        case 0:
            return Bytes{4, string_descriptor, 0x09, 0x04}; // English, of the United States
        case 1:
            return string_bytes(identity_.manufacturer);
        case 2:
            return string_bytes(identity_.product);
        case 3:
            return string_bytes(identity_.serial);
        default:
            return std::nullopt;
        }
    default:
        return std::nullopt;
    }
}

} // namespace phyll::bench::usb
