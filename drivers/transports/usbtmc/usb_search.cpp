#include "drivers/transports/usbtmc/usb_search.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phyll::transports::usbtmc {
namespace {

/// The class: application-specific, test and measurement, USBTMC or USB488.
constexpr std::uint8_t application_specific = 0xfe;
constexpr std::uint8_t test_and_measurement = 0x03;
constexpr std::uint8_t usb488 = 0x01;

/// One that does not say its serial number within this time is not the one that is looked for.
constexpr std::chrono::seconds for_a_string{1};
constexpr std::uint16_t longest_string = 255;

struct FreeList {
    void operator()(libusb_device** list) const noexcept { libusb_free_device_list(list, 1); }
};
struct FreeConfiguration {
    void operator()(libusb_config_descriptor* descriptor) const noexcept {
        libusb_free_config_descriptor(descriptor);
    }
};

/// A string descriptor's bytes after its own length and type; empty where it has none.
std::vector<std::byte> string_descriptor(UsbLoop& loop, libusb_device_handle* handle,
                                         std::uint8_t index, std::uint16_t language,
                                         const Patience& patience) {
    const ControlRequest request{.type = LIBUSB_ENDPOINT_IN,
                                 .request = LIBUSB_REQUEST_GET_DESCRIPTOR,
                                 .value =
                                     static_cast<std::uint16_t>((LIBUSB_DT_STRING << 8U) | index),
                                 .index = language,
                                 .length = longest_string};
    auto transfer = std::make_unique<UsbTransfer>(handle, request);
    const Moved moved = loop.run(transfer, "say its serial number", patience);
    const auto bytes = std::span<const std::byte>(transfer->bytes()).first(moved.bytes);
    if (moved.stalled || bytes.size() < 2) {
        return {};
    }
    const std::size_t length = std::min(bytes.size(), std::to_integer<std::size_t>(bytes[0]));
    const auto text = bytes.first(std::max<std::size_t>(length, 2)).subspan(2);
    return {text.begin(), text.end()};
}

std::uint16_t unit_at(std::span<const std::byte> bytes, std::size_t place) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[place]) |
                                      std::to_integer<unsigned>(bytes[place + 1]) << 8U);
}

/// A device's serial number, of which the class has it that it is ASCII.
std::string serial_of(UsbLoop& loop, libusb_device_handle* handle, std::uint8_t index,
                      const Clock& clock, const Patience& patience) {
    const Patience bounded = patience.within(clock, for_a_string);
    const std::vector<std::byte> languages = string_descriptor(loop, handle, 0, 0, bounded);
    if (index == 0 || languages.size() < 2) {
        return {};
    }
    const std::vector<std::byte> text =
        string_descriptor(loop, handle, index, unit_at(languages, 0), bounded);
    std::string serial;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        const std::uint16_t unit = unit_at(text, i);
        serial += unit < 0x80 ? static_cast<char>(unit) : '?';
    }
    return std::string(trimmed(serial, std::string_view(" \t\r\n\0", 5)));
}

/// Looks at devices one by one, and remembers why it was none of them.
class Search {
  public:
    Search(UsbLoop& loop, const UsbAddress& address, const Clock& clock, const Patience& patience)
        : loop_(loop), address_(address), clock_(clock), patience_(patience) {}

    /// The device opened, if it is the one.
    [[nodiscard]] Handle look_at(libusb_device* device);
    [[nodiscard]] Error in_vain() const;

  private:
    UsbLoop& loop_;
    const UsbAddress& address_;
    const Clock& clock_;
    const Patience& patience_;
    std::vector<std::string> others_; ///< serial numbers of devices of the same kind
    std::optional<std::string> hindrance_;
};

Handle Search::look_at(libusb_device* device) {
    libusb_device_descriptor descriptor{};
    if (libusb_get_device_descriptor(device, &descriptor) != 0 ||
        descriptor.idVendor != address_.vendor || descriptor.idProduct != address_.product) {
        return nullptr;
    }
    libusb_device_handle* opened = nullptr;
    if (const int error = libusb_open(device, &opened); error != 0) {
        hindrance_ = in_words(error);
        return nullptr;
    }
    Handle handle(opened);
    try {
        const std::string serial =
            serial_of(loop_, opened, descriptor.iSerialNumber, clock_, patience_);
        if (serial == address_.serial) {
            return handle;
        }
        others_.push_back(in_quotes(serial));
    } catch (const Error& error) {
        loop_.check_may_begin(patience_);
        if (patience_.deadline.passed(clock_)) {
            throw;
        }
        hindrance_ = error.what();
    }
    return nullptr;
}

Error Search::in_vain() const {
    std::string why = "there is no such device";
    if (hindrance_) {
        why =
            fmt::format("a device of this vendor and product cannot be looked at: {}", *hindrance_);
    } else if (!others_.empty()) {
        why += fmt::format(", but of this vendor and product with the serial number {}",
                           fmt::join(others_, ", "));
    } else {
        why += "; is it switched on and plugged in?";
    }
    return {Code::unavailable, why};
}

/// The class's interface in one of the alternatives of an interface; nothing where it is none.
std::optional<Interface> usable(const libusb_interface_descriptor& candidate) {
    if (candidate.bInterfaceClass != application_specific ||
        candidate.bInterfaceSubClass != test_and_measurement ||
        candidate.bInterfaceProtocol > usb488) {
        return std::nullopt;
    }
    Interface found{.number = candidate.bInterfaceNumber, .out = 0, .in = 0, .in_packet = 0};
    for (const libusb_endpoint_descriptor& endpoint :
         std::span(candidate.endpoint, candidate.bNumEndpoints)) {
        if ((endpoint.bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) != LIBUSB_TRANSFER_TYPE_BULK) {
            continue;
        }
        const bool in =
            (endpoint.bEndpointAddress & LIBUSB_ENDPOINT_DIR_MASK) == LIBUSB_ENDPOINT_IN;
        if (in && found.in == 0) {
            found.in = endpoint.bEndpointAddress;
            found.in_packet = endpoint.wMaxPacketSize & 0x7ffU;
        } else if (!in && found.out == 0) {
            found.out = endpoint.bEndpointAddress;
        }
    }
    return found.out != 0 && found.in_packet != 0 ? std::optional(found) : std::nullopt;
}

} // namespace

Handle find_device(UsbLoop& loop, const UsbAddress& address, const Clock& clock,
                   const Patience& patience) {
    libusb_device** devices = nullptr;
    const ssize_t count = libusb_get_device_list(loop.context(), &devices);
    if (count < 0) {
        throw Error(Code::unavailable,
                    fmt::format("USB cannot be searched: {}", in_words(static_cast<int>(count))));
    }
    const std::unique_ptr<libusb_device*, FreeList> list(devices);
    Search search(loop, address, clock, patience);
    for (libusb_device* device : std::span(devices, static_cast<std::size_t>(count))) {
        if (Handle handle = search.look_at(device)) {
            return handle;
        }
    }
    throw search.in_vain();
}

Interface find_interface(libusb_device_handle* handle, const UsbAddress& address) {
    libusb_config_descriptor* read = nullptr;
    if (const int error = libusb_get_active_config_descriptor(libusb_get_device(handle), &read);
        error != 0) {
        throw Error(Code::unavailable,
                    fmt::format("its configuration cannot be read: {}", in_words(error)));
    }
    const std::unique_ptr<libusb_config_descriptor, FreeConfiguration> configuration(read);
    for (const libusb_interface& interface :
         std::span(configuration->interface, configuration->bNumInterfaces)) {
        if (interface.num_altsetting < 1) {
            continue;
        }
        const std::optional<Interface> found = usable(interface.altsetting[0]);
        if (found && found->number == address.interface.value_or(found->number)) {
            return *found;
        }
    }
    throw Error(
        Code::unavailable,
        address.interface ? fmt::format("its interface {} is none of USBTMC", *address.interface)
                          : "it has no interface of USBTMC; look for a USB mode in its menus");
}

} // namespace phyll::transports::usbtmc
