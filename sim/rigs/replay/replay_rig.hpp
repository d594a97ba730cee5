#pragma once

#include "sim/rigs/replay/recording.hpp"

namespace phyll::sim {

/// What a replay does where a recording does not simply have the answer.
struct ReplayRules {
    bool nearest = false; ///< answer an unknown stimulus with the nearest one's response
    bool mean = false;    ///< answer a repeated stimulus with the mean of its responses
};

/// A rig that answers with what was measured. A stimulus that was measured n times is answered, as
/// sample number i, by measurement i modulo n: a function of the number alone, as noise is. A
/// stimulus that was not measured is NOT_FOUND, with the distance to the nearest one that was, and
/// the domain is closed, unless the rules ask for the nearest; those are counted, and `health` says
/// how many there were. Nothing in it can be displaced.
[[nodiscard]] std::unique_ptr<SimulatedRig> make_replay(Recording recording,
                                                        const ReplayRules& rules);

/// The rig "replay": a recording from files.
[[nodiscard]] SimulatedRigKind replay_kind();

} // namespace phyll::sim
