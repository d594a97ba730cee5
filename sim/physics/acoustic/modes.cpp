#include "sim/physics/acoustic/modes.hpp"

#include "drivers/core/error.hpp"
#include "sim/physics/kernels/acoustic_kernel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

namespace phyll::physics {

std::vector<AcousticMode> acoustic_modes(const AcousticParameters& p) {
    const double longest = 2 * std::numbers::pi * p.highest_mode / p.speed_of_sound;
    std::array<unsigned, 3> last{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        last[axis] = static_cast<unsigned>(longest * p.size[axis] / std::numbers::pi);
    }
    std::vector<AcousticMode> modes;
    for (unsigned i = 0; i <= last[0]; ++i) {
        for (unsigned j = 0; j <= last[1]; ++j) {
            for (unsigned k = 0; k <= last[2]; ++k) {
                const double wave_number =
                    std::numbers::pi * std::hypot(i / p.size[0], j / p.size[1], k / p.size[2]);
                if (wave_number <= longest) {
                    modes.push_back({{i, j, k}, p.speed_of_sound * wave_number});
                }
            }
        }
    }
    if (modes.size() > kernels::acoustic_max_modes) {
        throw invalid_field(
            "highest_mode",
            fmt::format("{} Hz gives {} modes; at most {} are computed: lower it, or make "
                        "the cavity smaller",
                        p.highest_mode, modes.size(), kernels::acoustic_max_modes));
    }
    std::sort(modes.begin(), modes.end(), [](const auto& a, const auto& b) {
        return std::tie(a.omega, a.index) < std::tie(b.omega, b.index);
    });
    return modes;
}

double mode_shape(const AcousticMode& mode, const Place& size, const Place& place) {
    double shape = 1.0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (mode.index[axis] != 0) {
            shape *= std::numbers::sqrt2 *
                     std::cos(mode.index[axis] * std::numbers::pi * place[axis] / size[axis]);
        }
    }
    return shape;
}

double mode_stiffness(const AcousticParameters& p) {
    return p.density * p.speed_of_sound * p.speed_of_sound / (p.size[0] * p.size[1] * p.size[2]);
}

double mode_decay(const AcousticParameters& p) {
    return std::log(1000.0) / p.reverberation_time;
}

double frequency_factor(double kelvin) {
    return std::sqrt(1.0 + kelvin / 293.15);
}

} // namespace phyll::physics
