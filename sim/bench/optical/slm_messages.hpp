#pragma once

#include "sim/bench/server/instrument.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace phyll::bench {

/// A message of docs/slm-protocol.md.
struct SlmMessage {
    std::uint32_t kind = 0;
    std::uint32_t sequence = 0;
    std::string content{};
};

namespace slm_kind {
inline constexpr std::uint32_t describe = 1;
inline constexpr std::uint32_t description = 2;
inline constexpr std::uint32_t show = 3;
inline constexpr std::uint32_t shown = 4;
inline constexpr std::uint32_t refused = 5;
} // namespace slm_kind

[[nodiscard]] std::string slm_bytes(const SlmMessage& message);
/// Of bytes that are a message, as `SlmCutter` gives them.
[[nodiscard]] SlmMessage slm_message(std::string_view bytes);

/// Finds the messages in a stream. What does not begin as one ends it: nothing more is found.
class SlmCutter final : public MessageCutter {
  public:
    void append(std::string_view bytes) override { buffer_.append(bytes); }
    [[nodiscard]] std::optional<std::string> next() override;
    void silence() override {}

  private:
    std::string buffer_;
};

} // namespace phyll::bench
