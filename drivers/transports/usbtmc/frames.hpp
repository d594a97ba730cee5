#pragma once

#include "drivers/transports/usbtmc/usb_device.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

/// The bytes of the USB Test and Measurement Class 1.0 and its subclass USB488 1.0 (USB-IF, 2003).
namespace phyll::transports::usbtmc {

inline constexpr std::size_t header_size = 12;
using Header = std::array<std::byte, header_size>;

/// Tells transfers apart: 1 to 255, and from the beginning (section 3.2, bTag).
class Tags {
  public:
    [[nodiscard]] std::uint8_t next() noexcept {
        last_ = static_cast<std::uint8_t>(last_ % 255U + 1U);
        return last_;
    }

  private:
    std::uint8_t last_ = 0;
};

/// What stands before `size` bytes of a message; `end`: its last ones (DEV_DEP_MSG_OUT, 3.2.1.1).
[[nodiscard]] Header message_header(std::uint8_t tag, std::uint32_t size, bool end) noexcept;
/// Asks for at most `most` bytes of an answer (REQUEST_DEV_DEP_MSG_IN, 3.2.1.2), without TermChar.
[[nodiscard]] Header request_header(std::uint8_t tag, std::uint32_t most) noexcept;

/// Bytes that follow so many, to a multiple of 4.
[[nodiscard]] constexpr std::size_t padding_after(std::size_t size) noexcept {
    return (4 - size % 4) % 4;
}

/// Part of an answer.
struct Piece {
    std::span<const std::byte> bytes;
    bool end = false; ///< the answer's last ones
};

/// What a bulk-in transfer holds (DEV_DEP_MSG_IN, 3.3.1.1), which answers the request of that tag
/// for at most `most` bytes. Throws DATA_LOSS, saying what is wrong, when it does not.
[[nodiscard]] Piece piece_in(std::span<const std::byte> transfer, std::uint8_t tag,
                             std::size_t most);

/// The first byte of what the class's requests answer (table 16).
enum class Status : std::uint8_t {
    success = 0x01,
    pending = 0x02,
    failed = 0x80,
    transfer_not_in_progress = 0x81,
    split_not_in_progress = 0x82,
    split_in_progress = 0x83,
};

// Section 4.2.1; of an endpoint, or of an interface.
[[nodiscard]] ControlRequest initiate_abort_out(const Interface& of, std::uint8_t tag) noexcept;
[[nodiscard]] ControlRequest check_abort_out(const Interface& of) noexcept;
[[nodiscard]] ControlRequest initiate_abort_in(const Interface& of, std::uint8_t tag) noexcept;
[[nodiscard]] ControlRequest check_abort_in(const Interface& of) noexcept;
[[nodiscard]] ControlRequest initiate_clear(const Interface& of) noexcept;
[[nodiscard]] ControlRequest check_clear(const Interface& of) noexcept;
[[nodiscard]] ControlRequest get_capabilities(const Interface& of) noexcept;

} // namespace phyll::transports::usbtmc
