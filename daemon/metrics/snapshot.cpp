#include "daemon/metrics/snapshot.hpp"

#include "daemon/runs/run_manager.hpp"

namespace phyll::metrics {

std::vector<RigFigures> look_at(const rig::Lab& lab) {
    std::vector<RigFigures> rigs;
    for (const auto& rig : lab.rigs()) {
        rigs.push_back({.name = rig->name(),
                        .status = rig->status(),
                        .given_up = rig->given_up(),
                        .held = !lab.holder(rig->name()).empty(),
                        .blocks = lab.leases().blocks(rig->name()),
                        .era = rig->era(),
                        .sentinels_moved = rig->sentinels_moved()});
    }
    return rigs;
}

Snapshot look_at(const rig::Lab& lab, const runs::RunManager& runs, const rpc::Server& server) {
    Snapshot snapshot{.rigs = look_at(lab), .runs = runs.figures(), .load = server.load()};
    for (const rig::LeaseView& lease : lab.leases().leases()) {
        if (!lease.waiting) {
            ++snapshot.leases_held;
        } else if (!lease.terms.placeholder) {
            ++snapshot.leases_waiting;
        }
    }
    return snapshot;
}

} // namespace phyll::metrics
