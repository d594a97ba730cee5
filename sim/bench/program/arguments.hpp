#pragma once

#include "sim/bench/registry.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace phyll::bench {

/// What phyllsim was told.
struct Arguments {
    std::string bench;
    std::unique_ptr<Plan> plan;
    bool usb = false;       ///< its plan has USB devices
    std::string config_out; ///< empty: in a folder of its own
    bool shell = false;
    std::vector<std::string> exec; ///< a command and its arguments; empty: none

    /// A request to a bench that runs, as JSON, instead of all that.
    std::string request;
    std::string control; ///< its socket
};

/// Reads the command line. Where there is nothing to do but to end (help, or a line that makes no
/// sense, which was said then), `status` is what to end with.
struct Parsed {
    Arguments arguments;
    std::optional<int> status;
};
[[nodiscard]] Parsed parse_arguments(const std::vector<std::string>& words);

} // namespace phyll::bench
