#pragma once

#include "sim/bench/server/loop.hpp"

#include <cstdint>
#include <functional>
#include <utility>

namespace phyll::bench {

/// The times when something is not there. Thread rule: the bench's thread.
class Absence {
  public:
    explicit Absence(Loop& loop) : loop_(loop) {}

    /// Calls `back` when that time is over, at once when it is 0; never when another absence began
    /// meanwhile.
    void begin(Seconds off, std::function<void()> back) {
        loop_.after(off, [this, number = ++count_, back = std::move(back)] {
            if (number == count_) {
                back();
            }
        });
    }
    void for_good() noexcept { ++count_; }
    /// So far: what was begun when there were fewer is of before.
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  private:
    Loop& loop_;
    std::uint64_t count_ = 0;
};

} // namespace phyll::bench
