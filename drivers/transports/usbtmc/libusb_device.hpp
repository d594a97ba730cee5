#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/transports/usbtmc/usb_device.hpp"
#include "drivers/transports/visa_resource.hpp"

#include <memory>

namespace phyll::transports::usbtmc {

/// A device by libusb, with a context of its own for each `open`. The kernel's driver of the class,
/// where it has the interface, gives it up for as long as the device is open.
///
/// Two things are done by the kernel while nobody can stop it, within 5 seconds each: clearing a
/// halt and giving the interface back. `clock` outlives it.
[[nodiscard]] std::unique_ptr<UsbDevice> make_libusb_device(UsbAddress address, const Clock& clock);

} // namespace phyll::transports::usbtmc
