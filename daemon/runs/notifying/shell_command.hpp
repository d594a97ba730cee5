#pragma once

#include "drivers/core/clock.hpp"

#include <stop_token>
#include <string>
#include <string_view>

namespace phyll::runs {

/// How long a command may take.
struct CommandLimits {
    Seconds time{30.0};
    Seconds farewell{2.0}; ///< after it was asked to stop
};

/// How a command ended.
struct CommandEnd {
    enum class How { exited, ended_by_signal, out_of_time, stopped };

    How how = How::exited;
    int number = 0;         ///< exit status, or number of the signal
    std::string first_line; ///< of what it wrote, to standard output or standard error

    [[nodiscard]] bool good() const { return how == How::exited && number == 0; }
};

/// Runs a command by `/bin/sh -c`, with `input` on its standard input, and waits for its end. When
/// its time is over, or it goes on for too long after `stop`, it is killed with all that is in its
/// process group. None of this process's files and sockets are open in it. What it writes is
/// dropped, but for the first line. Throws UNAVAILABLE when no process is to be had.
///
/// Its time is the system's: what is waited for knows no other clock.
[[nodiscard]] CommandEnd run_shell(const std::string& command, std::string_view input,
                                   const CommandLimits& limits, const std::stop_token& stop);

} // namespace phyll::runs
