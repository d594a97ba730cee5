#pragma once

#include "drivers/core/descriptor.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace phyll::test {

/// A client of a serial line that knows nothing of what is at its other end.
class SerialClient {
  public:
    /// `address` is a VISA resource string; throws std::system_error when it cannot be opened.
    explicit SerialClient(const std::string& address);

    /// Throws std::system_error when the line is gone.
    void send(std::string_view bytes) const;
    /// What comes until there are so many bytes, less when nothing has come for so long or the line
    /// is gone.
    [[nodiscard]] std::string read(std::size_t bytes, std::chrono::milliseconds patience) const;
    /// Whether the line is gone, once it is; throws std::runtime_error when it is not for 20 s.
    [[nodiscard]] bool hung_up() const;

  private:
    Descriptor line_;
};

/// The path in a VISA resource string.
[[nodiscard]] std::string path_of(const std::string& address);

} // namespace phyll::test
