#pragma once

#include "drivers/display/protocol.hpp"

#include <cstddef>
#include <span>

namespace phyll::display {

/// What shows pictures. Thread rule: one thread, which built it.
class Panel {
  public:
    Panel() = default;
    Panel(const Panel&) = delete;
    Panel& operator=(const Panel&) = delete;
    virtual ~Panel() = default;

    /// As its monitor is now. Throws UNAVAILABLE when that cannot be seen.
    [[nodiscard]] virtual Description description() const = 0;
    /// A level for each pixel, row by row, or none at all for level 0 everywhere. Returns once the
    /// picture was handed to the display. Throws UNAVAILABLE when that failed.
    virtual void show(std::span<const std::byte> levels) = 0;
};

} // namespace phyll::display
