#include "daemon/training/random_features.hpp"

#include "daemon/training/matrix_product.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"

#include <cmath>

namespace phyll::training {

RandomFeatures::RandomFeatures(const LayerSpec& rig, std::uint64_t seed, Workers* workers)
    : spec_(rig), workers_(workers), weights_(rig.n_in(), rig.n_out()), bias_(rig.n_out()) {
    spec_.kind = "random features";
    spec_.seconds_per_sample = 0.0;
    spec_.response_storage = {}; // whatever tanh gives
    for (ResponseChannel& output : spec_.outputs) {
        output = {.name = output.name, .unit = "1", .minimum = -1.0, .maximum = 1.0};
    }
    const KeyedRandom random(seed, "random features");
    // W (2 x - 1) = (2 W) x - W 1: both go into the affine map.
    const double deviation = std::sqrt(2.0 / static_cast<double>(rig.n_in()));
    for (std::size_t j = 0; j < rig.n_out(); ++j) {
        double sum = 0.0;
        for (std::size_t k = 0; k < rig.n_in(); ++k) {
            const double weight = deviation * random.normal(j, k);
            weights_.sample(j)[k] = static_cast<float>(2.0 * weight);
            sum += weight;
        }
        bias_[j] = static_cast<float>(0.5 * random.normal(j, rig.n_in()) - sum);
    }
}

void RandomFeatures::query(ConstBlock x, Block y, const QueryContext& context) {
    if (context.stop.stop_requested()) {
        throw Error(Code::cancelled, "the run was stopped");
    }
    affine_map(weights_.view(), bias_, x, y, workers_);
    for (float& value : y.values()) {
        value = std::tanh(value);
    }
}

} // namespace phyll::training
