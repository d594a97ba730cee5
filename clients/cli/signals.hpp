#pragma once

#include "drivers/core/clock.hpp"

#include <csignal>

namespace phyll::cli {

/// Those by which a person or a script asks a program to end.
[[nodiscard]] sigset_t ending_signals();

/// From here on they wait to be taken, instead of ending the process.
void block_ending_signals();

/// Waits for one of them, once they are blocked; false when none came within the time.
[[nodiscard]] bool ending_signal_within(Seconds time);

} // namespace phyll::cli
