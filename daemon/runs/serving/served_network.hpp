#pragma once

#include "daemon/runs/job.hpp"
#include "daemon/runs/store.hpp"
#include "daemon/training/trained_network.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace phyll::runs {

/// The trained network of a run, ready to be asked on the run's rigs.
struct ServedNetwork {
    std::unique_ptr<const training::TrainedNetwork> network;
    /// Per layer of the network: the rig's name, empty without physics.
    std::vector<std::string> rigs;
    std::uint32_t repeats = 1;   ///< how often each stimulus is measured, as in training
    std::size_t query_batch = 0; ///< largest block asked for at once; 0: what the rig takes
};

/// Throws FAILED_PRECONDITION unless the run left a network that can be asked: it succeeded, and
/// was trained by a scheme of ours.
void check_served(const v1::RunInfo& run);

/// Makes a run's network again from the files in its folder, which its record names. `workers` may
/// be null, and outlive it. Throws as `check_served` does, NOT_FOUND for a rig that is not there,
/// FAILED_PRECONDITION for one that has another shape than at training, DATA_LOSS for files that do
/// not fit the run. Any thread.
[[nodiscard]] ServedNetwork load_network(const RunRecord& run, const FindRig& rig,
                                         Workers* workers);

/// The era that the run left a rig in; 0: no eras were kept.
[[nodiscard]] std::uint64_t era_of(const v1::RunInfo& run, const std::string& rig);

} // namespace phyll::runs
