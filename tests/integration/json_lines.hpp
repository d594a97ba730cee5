#pragma once

#include "tests/support/process.hpp"

#include <nlohmann/json.hpp>

#include <sstream>
#include <string>
#include <vector>

namespace phyll::test {

/// What `phyllctl --json` printed, an object a line.
inline std::vector<nlohmann::json> lines_of(const std::string& text) {
    std::vector<nlohmann::json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(nlohmann::json::parse(line));
    }
    return lines;
}

/// A run, or a group of runs ("g1"), as phyllctl shows it.
inline nlohmann::json show(const Daemon& daemon, const std::string& what = "1") {
    return nlohmann::json::parse(daemon.ctl({"--json", "run", "show", what}).out);
}

} // namespace phyll::test
