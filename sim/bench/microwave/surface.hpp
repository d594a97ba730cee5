#pragma once

#include "drivers/core/clock.hpp"
#include "sim/bench/server/loop.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace phyll::bench {

/// The meta-atoms of a metasurface. A pattern is latched at once; what waves meet is the one
/// before, until it has been latched for the settle time, and then the new one. Thread rule: the
/// bench's thread.
class Surface {
  public:
    using Pattern = std::vector<std::uint8_t>; ///< one number for each meta-atom, 1 is on

    Surface(Loop& loop, std::size_t atoms, Seconds settle_time)
        : loop_(loop), settle_time_(settle_time), latched_(atoms, 0), met_(atoms, 0) {}

    /// Is called before what waves meet changes.
    void before_change(std::function<void()> act) { before_change_ = std::move(act); }

    void show(Pattern pattern);
    /// All off, at once.
    void switch_off();

    [[nodiscard]] const Pattern& latched() const noexcept { return latched_; }
    /// What waves meet now.
    [[nodiscard]] const Pattern& met() const noexcept { return met_; }

  private:
    void settle();

    Loop& loop_;
    Seconds settle_time_;
    Pattern latched_;
    Pattern met_;
    std::function<void()> before_change_;
    std::uint64_t changes_ = 0;
};

} // namespace phyll::bench
