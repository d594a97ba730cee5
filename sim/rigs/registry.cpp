#include "sim/rigs/acoustic/acoustic_rig.hpp"
#include "sim/rigs/echo/echo_rig.hpp"
#include "sim/rigs/electronic/electronic_rig.hpp"
#include "sim/rigs/microwave/microwave_rig.hpp"
#include "sim/rigs/optical/optical_rig.hpp"
#include "sim/rigs/replay/replay_rig.hpp"
#include "sim/rigs/simulated_rig.hpp"
#include "sim/rigs/twin/twin_rig.hpp"

namespace phyll::sim {

const std::vector<SimulatedRigKind>& simulated_rig_kinds() {
    static const std::vector<SimulatedRigKind> kinds{
        acoustic_kind(), echo_kind(),   electronic_kind(), microwave_kind(),
        optical_kind(),  replay_kind(), twin_kind(),
    };
    return kinds;
}

} // namespace phyll::sim
