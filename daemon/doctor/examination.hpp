#pragma once

#include "daemon/doctor/findings.hpp"
#include "daemon/doctor/host.hpp"
#include "drivers/core/clock.hpp"

#include <phyll/v1/config.pb.h>
#include <phyll/v1/lab.pb.h>
#include <phyll/v1/rig.pb.h>

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace phyll::doctor {

/// A rig as it stands.
struct ExaminedRig {
    /// Without a daemon only what is stored: its blocks and its calibration.
    v1::RigInfo info;
    bool given_up = false; ///< its driver did not return, see RigThread
};

/// What is examined.
struct Subject {
    v1::DaemonConfig config; ///< with every default filled in
    std::filesystem::path state_dir;
    std::filesystem::path lock_dir;
    std::vector<ExaminedRig> rigs;
    bool asks_for_keys = false;
    /// This process serves the lab: it holds the state directory, and drives the rigs.
    bool serving = false;
};

/// What every check looks at.
struct Premises {
    const Subject& subject;
    const Host& host;
    const Clock& clock;
    Deadline deadline; ///< after which a check that takes long ends, and says so
    std::stop_token stop;

    [[nodiscard]] bool is_late() const { return stop.stop_requested() || deadline.passed(clock); }
    /// Seconds since 1970, UTC.
    [[nodiscard]] double now() const { return Seconds(clock.wall().time_since_epoch()).count(); }
};

struct Check {
    std::string name;
    std::function<void(const Premises&, Findings&)> look;
};

/// All that there are, in the order in which they are made.
[[nodiscard]] std::vector<Check> all_checks();

/// How long all checks together may take, but for one that the system keeps waiting.
inline constexpr Seconds usual_patience{15};

/// Makes all checks on a lab that is served: how it is configured now, and its rigs.
using Examine = std::function<std::vector<v1::Examined>(
    const v1::DaemonConfig& config, std::vector<ExaminedRig> rigs, std::stop_token stop)>;

/// Makes the checks, one after the other. One that throws is a finding itself, and those that are
/// not reached before the deadline are. Thread rule: any thread but one that others wait for.
[[nodiscard]] std::vector<v1::Examined> examine(const Premises& premises,
                                                const std::vector<Check>& checks = all_checks());

} // namespace phyll::doctor
