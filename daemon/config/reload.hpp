#pragma once

#include <phyll/v1/config.pb.h>

#include <string>
#include <vector>

namespace phyll::config {

/// What became of a configuration that was read anew, by its keys: "log_level", "rigs".
struct Reloaded {
    std::vector<std::string> changed;  ///< in force from now on
    std::vector<std::string> at_start; ///< differ, and are in force from the next start on
};

/// Takes over from `read` what may change while phylld serves (FieldRule.reloadable) and differs.
/// Both with every default filled in.
Reloaded reload(v1::DaemonConfig& running, const v1::DaemonConfig& read);

} // namespace phyll::config
