#pragma once

#include "drivers/core/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace phyll::bench {

/// What light meets that falls on a display: a picture takes its time until it is there. Thread
/// rule: any thread.
class LitDisplay {
  public:
    /// Blank. A picture is there `latency` after it was shown, with the next refresh, one of which
    /// comes every `refresh`; 0: at any time.
    LitDisplay(std::size_t width, std::size_t height, Seconds latency, Seconds refresh,
               const Clock& clock)
        : width_(width),
          height_(height),
          latency_(latency),
          refresh_(refresh),
          clock_(clock),
          before_(width * height, 0),
          last_(before_) {}

    [[nodiscard]] std::size_t width() const noexcept { return width_; }
    [[nodiscard]] std::size_t height() const noexcept { return height_; }

    enum class How {
        whole,
        late, ///< it is the one before that is there, until the next one comes
        cut   ///< its upper half is still the one before
    };
    void show(std::vector<std::uint8_t> levels, How how = How::whole);
    /// As it was told last, whether that is there yet or not.
    [[nodiscard]] bool is_blank() const;

    /// Levels that are there now, row by row.
    [[nodiscard]] std::vector<std::uint8_t> lit() const;

  private:
    const std::size_t width_;
    const std::size_t height_;
    const Seconds latency_;
    const Seconds refresh_;
    const Clock& clock_;
    mutable std::mutex mutex_;
    std::vector<std::uint8_t> before_; ///< there until the last one is
    std::vector<std::uint8_t> last_;   ///< told last
    How how_ = How::whole;
    Seconds there_{0}; ///< when the last one is there
};

} // namespace phyll::bench
