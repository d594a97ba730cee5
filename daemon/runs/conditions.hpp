#pragma once

#include "daemon/runs/run_site.hpp"

#include <phyll/v1/config.pb.h>
#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace phyll::runs {

/// What is the same for all runs of a daemon while it serves.
struct Premises {
    std::string version; ///< of phylld
    Host host;
    std::map<std::string, v1::RigConfig> rigs; ///< by name, with every default filled in
    /// What rigs are made of, by the rig's name.
    std::map<std::string, std::vector<v1::InstrumentConfig>> instruments{};
    std::uint64_t max_journal_bytes = UINT64_MAX;
    Seconds hold_limit{86400.0};
    StatedPower power{};
};

/// A rig as a run begins with it.
struct RigStart {
    std::uint64_t age = 0;     ///< in samples
    std::uint64_t era = 0;     ///< 0: no eras are kept
    std::string calibration{}; ///< in words; empty: it has none
};

/// What a run on these rigs is under.
[[nodiscard]] v1::Conditions conditions(const Premises& premises,
                                        const std::map<std::string, RigStart>& rigs);

} // namespace phyll::runs
