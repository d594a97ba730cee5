#pragma once

#include <cstddef>
#include <deque>
#include <string>

namespace phyll::bench {

/// An instrument's error queue: first in, first out. When it is full, the youngest entry becomes
/// -350. Thread rule: the instrument's.
class ErrorQueue {
  public:
    /// How a maker writes the number: Keysight "+0" and "+786", Rigol "0".
    enum class Sign { always, negative_only };

    static constexpr std::size_t capacity = 20;

    explicit ErrorQueue(Sign sign) : sign_(sign) {}

    void push(int number, const std::string& words);
    /// Takes out the oldest entry, as SYSTem:ERRor? answers it: `-113,"Undefined header"`, or
    /// number 0 and "No error".
    [[nodiscard]] std::string take();
    void clear() noexcept { entries_.clear(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  private:
    struct Entry {
        int number;
        std::string words;
    };

    Sign sign_;
    std::deque<Entry> entries_;
};

} // namespace phyll::bench
