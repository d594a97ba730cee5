#pragma once

#include "sim/bench/server/instrument.hpp"
#include "sim/bench/usb/urb.hpp"
#include "sim/bench/usb/usbtmc_function.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace phyll::bench::usb {

/// How a device presents itself.
struct UsbIdentity {
    UsbIds ids{};
    std::string manufacturer{};
    std::string product{};
    std::string serial{};
};

/// Device, configuration, interface and endpoints: one USBTMC-USB488 interface with bulk-out,
/// bulk-in and interrupt-in at high speed, as sysfs has them.
[[nodiscard]] Bytes descriptors_of(const UsbIdentity& identity);

/// A USB device with one interface: the standard requests, and its endpoints. Thread rule: one at
/// a time.
class UsbDevice {
  public:
    UsbDevice(UsbIdentity identity, UsbtmcFunction& function)
        : identity_(std::move(identity)), function_(function) {}

    /// Lets a transfer happen: fills in what came, and returns its status. Nothing while the device
    /// does not take part in it.
    [[nodiscard]] std::optional<int> transfer(Urb& urb);
    void clear_halt(std::uint8_t endpoint) { function_.clear_halt(endpoint); }
    /// Bus reset, another configuration or setting.
    void reset() { function_.reset(); }
    [[nodiscard]] const UsbIdentity& identity() const noexcept { return identity_; }

  private:
    [[nodiscard]] int control(Urb& urb);
    [[nodiscard]] std::optional<Bytes> standard(std::uint8_t recipient, const Request& request);
    [[nodiscard]] std::optional<Bytes> descriptor(std::uint16_t value) const;

    UsbIdentity identity_;
    UsbtmcFunction& function_;
};

} // namespace phyll::bench::usb
