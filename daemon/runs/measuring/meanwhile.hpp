#pragma once

#include "drivers/core/clock.hpp"

#include <functional>

namespace phyll::runs {

/// What whoever asks rigs does beside that. What is empty is not called.
/// Thread rule: called on the thread that asks.
struct Meanwhile {
    /// After every query for stimuli.
    std::function<void()> after_query{};
    /// Before a rig or a disk that failed is dealt with, which may take hours. What it throws ends
    /// the asking.
    std::function<void()> before_trouble{};
    /// How much of a span in which a rig was asked could only be waited; empty: all of it.
    std::function<Seconds(Clock::Monotonic from, Clock::Monotonic to)> waited{};
};

} // namespace phyll::runs
