#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/transports/usbtmc/usb_loop.hpp"
#include "drivers/transports/visa_resource.hpp"

#include <memory>

namespace phyll::transports::usbtmc {

struct CloseHandle {
    void operator()(libusb_device_handle* handle) const noexcept { libusb_close(handle); }
};
using Handle = std::unique_ptr<libusb_device_handle, CloseHandle>;

/// The device of that vendor, product and serial number, wherever it is plugged in. Throws
/// UNAVAILABLE, saying what is there instead or why it cannot be opened.
[[nodiscard]] Handle find_device(UsbLoop& loop, const UsbAddress& address, const Clock& clock,
                                 const Patience& patience);

/// The interface of the class by the device's descriptors, the one that the address names or the
/// first. Throws UNAVAILABLE when there is none.
[[nodiscard]] Interface find_interface(libusb_device_handle* handle, const UsbAddress& address);

} // namespace phyll::transports::usbtmc
