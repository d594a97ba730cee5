#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace phyll::bench {

/// Cuts a stream of bytes into program messages. A message ends at a line feed; one inside a
/// definite-length block (#<digit><length><bytes>) is a byte of the block. A carriage return
/// before the line feed goes with it. Each byte is looked at once, however the stream is cut.
class Framer {
  public:
    /// Bytes of a message, blocks and all.
    static constexpr std::size_t largest_message = (std::size_t{64} << 20) + 4096;

    void append(std::string_view bytes) { buffer_.append(bytes); }
    /// The next complete message without its end, if there is one.
    [[nodiscard]] std::optional<std::string> next();
    /// Bytes that are not taken yet.
    [[nodiscard]] std::size_t size() const noexcept { return buffer_.size(); }
    /// Whether what there is can only become a message that is too long. There is no way on from
    /// there: nobody knows where the next message begins.
    [[nodiscard]] bool overlong() const noexcept;

  private:
    enum class Step { taken, wait };

    [[nodiscard]] Step step();
    [[nodiscard]] Step enter_block();

    std::string buffer_;
    std::size_t at_ = 0;            ///< up to here it is known not to end
    std::size_t block_end_ = 0;     ///< beyond `at_`: inside a block
    char quote_ = 0;                ///< inside a string: what ends it
    bool parameter_begins_ = false; ///< only blanks since a blank or a comma
};

} // namespace phyll::bench
