#pragma once

#include "daemon/rig/lab.hpp"
#include "daemon/rpc/server.hpp"
#include "daemon/runs/run_figures.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace phyll::runs {
class RunManager;
}

namespace phyll::metrics {

struct RigFigures {
    std::string name;
    rig::RigStatus status{};
    bool given_up = false;                   ///< its driver did not return
    bool held = false;                       ///< by a lease
    std::vector<rig::RigBlock> blocks{};     ///< why nobody may drive it
    std::uint64_t era = 1;                   ///< that it is in
    std::optional<double> sentinels_moved{}; ///< see RigThread
};

/// What is known elsewhere in the daemon, at one moment.
struct Snapshot {
    std::vector<RigFigures> rigs{};
    runs::RunFigures runs{};
    std::size_t leases_held = 0;
    std::size_t leases_waiting = 0;
    rpc::Server::Load load{};
};

/// Thread rule: the loop's thread. Throws what the store does.
[[nodiscard]] Snapshot look_at(const rig::Lab& lab, const runs::RunManager& runs,
                               const rpc::Server& server);

/// The first part of it.
[[nodiscard]] std::vector<RigFigures> look_at(const rig::Lab& lab);

} // namespace phyll::metrics
