#pragma once

#include "drivers/core/descriptor.hpp"

#include <optional>
#include <string>

namespace phyll::bench {

/// A name for a sound server that no other bench of the machine has: one of a few. JACK remembers
/// eight names, also of servers that were killed, until a server has the name again.
class ServerName {
  public:
    static constexpr int most = 6;

    /// Throws UNAVAILABLE when all are taken.
    ServerName();

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

  private:
    std::string text_;
    std::optional<Descriptor> lock_;
};

} // namespace phyll::bench
