#pragma once

#include "drivers/core/clock.hpp"

#include <algorithm>
#include <stop_token>

namespace phyll::transports {

/// How long an exchange waits, and on whose word it ends before.
struct Patience {
    Deadline deadline{};
    std::stop_token stop{};

    /// No longer than `most` from now on.
    [[nodiscard]] Patience within(const Clock& clock, Seconds most) const {
        return {.deadline = Deadline(std::min(Deadline::after(clock, most).at(), deadline.at())),
                .stop = stop};
    }
};

/// Until the time has passed, the deadline is there or a stop was requested, without saying which:
/// the next exchange does.
inline void wait(const Clock& clock, Seconds duration, const Patience& patience) {
    const Patience bounded = patience.within(clock, duration);
    static_cast<void>(clock.wait_until(bounded.deadline.at(), bounded.stop));
}

} // namespace phyll::transports
