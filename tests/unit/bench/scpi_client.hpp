#pragma once

#include "drivers/core/descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace phyll::test {

/// A client of raw SCPI over TCP that knows nothing of the instruments.
class ScpiClient {
  public:
    /// `address` is a VISA resource string; throws std::system_error when nobody listens there.
    explicit ScpiClient(const std::string& address);

    /// Sends a message and its end.
    void write(std::string_view message) const { send(std::string(message) + '\n'); }
    /// Sends just these bytes.
    void send(std::string_view bytes) const;
    /// A line without its end, or the bytes of a block. Empty when the connection was closed;
    /// throws std::runtime_error when nothing comes for 20 s.
    [[nodiscard]] std::string read();
    [[nodiscard]] std::string query(std::string_view message) {
        write(message);
        return read();
    }
    [[nodiscard]] double number(std::string_view message) { return std::stod(query(message)); }
    /// Whether the other side closed it, once it has.
    [[nodiscard]] bool closed() { return read().empty(); }

  private:
    [[nodiscard]] bool fill(std::size_t bytes);

    Descriptor socket_;
    std::string buffer_;
};

/// The port in a VISA resource string.
[[nodiscard]] std::uint16_t port_of(const std::string& address);

/// Bytes of a block of 16-bit numbers, the upper first or not.
[[nodiscard]] inline std::string int16_bytes(std::int16_t value, bool upper_first) {
    const auto word = static_cast<std::uint16_t>(value);
    const char upper = static_cast<char>(word >> 8U);
    const char lower = static_cast<char>(word & 0xffU);
    return upper_first ? std::string{upper, lower} : std::string{lower, upper};
}

[[nodiscard]] inline std::string block(const std::string& bytes) {
    const std::string size = std::to_string(bytes.size());
    return '#' + std::to_string(size.size()) + size + bytes;
}

} // namespace phyll::test
