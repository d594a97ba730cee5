#pragma once

#include "drivers/transports/patience.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace phyll::transports::usbtmc {

/// A request on the control endpoint whose data come from the device.
struct ControlRequest {
    std::uint8_t type = 0;
    std::uint8_t request = 0;
    std::uint16_t value = 0;
    std::uint16_t index = 0;
    std::uint16_t length = 0; ///< of the answer, at most

    bool operator==(const ControlRequest&) const = default;
};

/// The interface of the class, as the device's descriptors have it.
struct Interface {
    std::uint8_t number = 0;
    std::uint8_t out = 0; ///< address of the bulk-out endpoint
    std::uint8_t in = 0;  ///< address of the bulk-in endpoint
    std::size_t in_packet = 512;
};

/// How a transfer ended that did not fail.
struct Moved {
    std::size_t bytes = 0;
    bool stalled = false; ///< the device refused it, and halted the endpoint if it was a bulk one
};

enum class Bulk { out, in };

/// A USB device: what the protocol needs of it, and no more.
///
/// Waits and throws as `Transport` says; UNAVAILABLE closes it, and nothing of it is under way any
/// more. Thread rule: one caller at a time, but for `shut` and `is_shut`.
class UsbDevice {
  public:
    UsbDevice() = default;
    UsbDevice(const UsbDevice&) = delete;
    UsbDevice& operator=(const UsbDevice&) = delete;
    virtual ~UsbDevice() = default;

    /// Looks for it, whatever it was before, and claims its interface.
    virtual void open(const Patience& patience) = 0;
    /// Takes note, too, of a device that has left meanwhile.
    [[nodiscard]] virtual bool is_open() noexcept = 0;
    virtual void close() noexcept = 0;

    /// Of an open device.
    [[nodiscard]] virtual Interface interface() const noexcept = 0;
    /// All bytes, or stalled.
    [[nodiscard]] virtual Moved send(std::span<const std::byte> bytes,
                                     const Patience& patience) = 0;
    /// Until a short packet or until `into` is full; its size is a multiple of the packet's.
    [[nodiscard]] virtual Moved receive(std::span<std::byte> into, const Patience& patience) = 0;
    /// What was left in the device, as `receive` does, but returns what came when nothing more
    /// comes for a moment, of real time: it comes at once or not at all.
    [[nodiscard]] virtual Moved receive_left(std::span<std::byte> into,
                                             const Patience& patience) = 0;
    /// `into` has room for the request's length.
    [[nodiscard]] virtual Moved control(const ControlRequest& request, std::span<std::byte> into,
                                        const Patience& patience) = 0;
    /// Ends the halt of an endpoint, and begins its data toggle anew.
    virtual void clear_halt(Bulk endpoint, const Patience& patience) = 0;

    virtual void shut() noexcept = 0;
    [[nodiscard]] virtual bool is_shut() const noexcept = 0;
};

} // namespace phyll::transports::usbtmc
