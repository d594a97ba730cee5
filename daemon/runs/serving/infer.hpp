#pragma once

#include "daemon/runs/serving/served_network.hpp"
#include "drivers/core/physical_layer.hpp"
#include "drivers/core/sample_block.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

namespace phyll::runs {

/// A rig that a network is asked on, held for it.
struct HeldRig {
    PhysicalLayer* layer = nullptr;
    std::uint64_t age = 0; ///< of the rig, in samples, before it is asked
};

/// What a network is asked.
struct InferOrder {
    ConstBlock inputs; ///< features x samples, raw
    std::optional<double> early_exit{};
    std::uint64_t key = 0; ///< of the measurements
};

/// What it answered.
struct Inferred {
    v1::InferReply reply; ///< all but scores and notices
    OwnedBlock scores;    ///< classes x samples
};

/// Takes samples through a network on its rigs, each of which is held. Throws INVALID_ARGUMENT for
/// inputs that it cannot be asked about, CANCELLED when stopped, and what the rigs throw.
/// Thread rule: any thread; not the rigs'.
[[nodiscard]] Inferred infer(const ServedNetwork& served, const InferOrder& order,
                             const std::map<std::string, HeldRig>& rigs,
                             const std::stop_token& stop);

} // namespace phyll::runs
