#pragma once

#include "sim/bench/server/instrument.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace phyll::bench {

/// A message of the protocols of docs/slm-protocol.md and docs/audio-protocol.md: four letters, and
/// then kind, sequence number and length of what follows, 4 bytes each, the low one first.
struct FramedText {
    std::uint32_t kind = 0;
    std::uint32_t sequence = 0;
    std::string content{};
};

[[nodiscard]] std::string framed_bytes(std::string_view letters, const FramedText& message);
/// Of bytes that are a message, as `FramedTextCutter` gives them.
[[nodiscard]] FramedText framed_text(std::string_view bytes);

/// Finds the messages in a stream. What does not begin as one ends it: nothing more is found.
class FramedTextCutter final : public MessageCutter {
  public:
    explicit FramedTextCutter(std::string_view letters) : letters_(letters) {}

    void append(std::string_view bytes) override { buffer_.append(bytes); }
    [[nodiscard]] std::optional<std::string> next() override;
    void silence() override {}

  private:
    const std::string letters_;
    std::string buffer_;
};

} // namespace phyll::bench
