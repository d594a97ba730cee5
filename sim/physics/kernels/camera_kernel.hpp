#pragma once

#include <cstddef>

/// What a camera makes of light, number by number. What the numbers mean is the business of
/// sim/physics/optical.
namespace phyll::physics::kernels {

struct CameraPlan {
    float counts_per_electron;
    float largest_count;
    float read_variance; ///< electrons^2
    float noise;         ///< factor on all noise; 0: none
};

extern "C" {

/// Replaces mean numbers of electrons (0 or more) by what is read out: `normal[i]` stands for the
/// chance that number i meets, shot noise of variance `electrons` and read noise together. The
/// count is rounded to the nearest whole number and held between 0 and the largest count.
__attribute__((visibility("default"))) void phyll_camera(const CameraPlan* plan, std::size_t count,
                                                         const float* normal, float* electrons);
}

} // namespace phyll::physics::kernels
