#include "sim/physics/kernels/camera_kernel.hpp"

namespace phyll::physics::kernels {

void phyll_camera(const CameraPlan* plan, std::size_t count, const float* normal,
                  float* electrons) {
    const CameraPlan p = *plan;
    for (std::size_t i = 0; i < count; ++i) {
        const float mean = electrons[i];
        const float deviation = p.noise * __builtin_sqrtf(mean + p.read_variance);
        const float read = (mean + deviation * normal[i]) * p.counts_per_electron;
        const float above = read > 0.0F ? read : 0.0F;
        const float held = above < p.largest_count ? above : p.largest_count;
        electrons[i] = static_cast<float>(static_cast<int>(held + 0.5F));
    }
}

} // namespace phyll::physics::kernels
