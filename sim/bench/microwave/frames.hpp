#pragma once

#include "sim/bench/server/instrument.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace phyll::bench {

/// A frame of docs/metasurface-protocol.md.
struct Frame {
    std::uint8_t type = 0;
    std::uint8_t sequence = 0;
    std::string payload{}; ///< 1024 bytes at most
};

/// CRC-16/IBM-3740.
[[nodiscard]] std::uint16_t frame_checksum(std::string_view bytes);

/// The low `bytes` bytes of a number, the lowest first, and back.
[[nodiscard]] std::string little_endian(std::uint16_t value);
[[nodiscard]] std::uint16_t from_little_endian(std::string_view two_bytes);

[[nodiscard]] std::string encoded(const Frame& frame);
/// Of bytes that are a frame, as `FrameCutter` gives them.
[[nodiscard]] Frame decoded(std::string_view bytes);

/// Finds the frames in what comes over a line; what is none is passed over.
class FrameCutter final : public MessageCutter {
  public:
    void append(std::string_view bytes) override { buffer_.append(bytes); }
    [[nodiscard]] std::optional<std::string> next() override { return next(false); }
    void silence() override;

  private:
    /// `ended`: nothing will be added to what there is.
    [[nodiscard]] std::optional<std::string> next(bool ended);

    std::string buffer_;
    std::deque<std::string> found_; ///< in what was left when the line fell silent
};

} // namespace phyll::bench
