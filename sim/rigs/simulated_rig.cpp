#include "sim/rigs/simulated_rig.hpp"

#include "drivers/core/random.hpp"

namespace phyll::sim {

OwnedBlock SimulatedRig::probe_stimuli(std::size_t count) const {
    const KeyedRandom random(0, "probe stimuli");
    OwnedBlock x(spec().n_in(), count);
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t k = 0; k < x.channels(); ++k) {
            x.sample(i)[k] = static_cast<float>(random.uniform(i, k));
        }
    }
    return x;
}

} // namespace phyll::sim
