#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/transports/usbtmc/frames.hpp"
#include "drivers/transports/usbtmc/usb_device.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::transports::usbtmc {

/// Messages over a USB device, by the rules of the class: what is said to which endpoint, and what
/// when something does not go as it should.
///
/// Throws what the device throws, and besides: UNAVAILABLE for a stalled transfer, after its
/// endpoint was cleared, and for a device that cannot be cleared; DATA_LOSS for an answer that
/// breaks the rules. After any error only `clear` brings both sides into step.
/// Thread rule: one caller at a time.
class Channel {
  public:
    /// The most bytes of messages in one transfer.
    static constexpr std::size_t largest = std::size_t{1} << 20U;

    /// Both outlive it.
    Channel(UsbDevice& device, const Clock& clock) : device_(device), clock_(clock) {}

    /// What is to be said to a device that was just opened: asks what it can, and clears what
    /// another program may have left half done.
    void greet(const Patience& patience);
    /// Sends a message, in as many transfers as it takes.
    void write(std::span<const std::byte> message, const Patience& patience);
    /// Appends the next piece of an answer, of about `wanted` bytes at most; returns whether it is
    /// the last one.
    [[nodiscard]] bool read(std::string& into, std::size_t wanted, const Patience& patience);
    /// Aborts what is under way and empties both sides.
    void clear(const Patience& patience);

  private:
    /// Sends header and bytes as one transfer of that tag.
    void send(std::uint8_t tag, const Header& header, std::span<const std::byte> bytes,
              const Patience& patience);
    void abort_out(const Patience& patience);
    void abort_in(const Patience& patience);
    /// Asks until the device no longer says that it is busy; whether it succeeded.
    bool finish(const ControlRequest& check, const Patience& patience);
    void drain(const Patience& patience);
    /// The answer to a request, zeros where it is short; nothing when it is refused.
    std::optional<std::vector<std::byte>> ask(const ControlRequest& request,
                                              const Patience& patience);
    /// Room for bytes that come in, a multiple of the packet's size.
    std::span<std::byte> room(std::size_t bytes);

    UsbDevice& device_;
    const Clock& clock_;
    Tags tags_;
    std::optional<std::uint8_t>
        sending_; ///< tag of a message's transfer that is not known to be over
    std::optional<std::uint8_t> receiving_; ///< tag of a request whose answer did not come
    std::vector<std::byte> frame_;
    std::vector<std::byte> room_;
};

} // namespace phyll::transports::usbtmc
