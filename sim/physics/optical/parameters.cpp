#include "sim/physics/optical/parameters.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/require.hpp"

#include <fmt/format.h>

#include <cmath>

namespace phyll::physics {
namespace {

constexpr double largest_full_well = 1e7;
/// 2 GiB of transmission matrix.
constexpr std::size_t most_entries = std::size_t{1} << 28U;

void require_up_to(const char* name, double value, double most) {
    if (std::isnan(value) || value <= 0.0 || value > most) {
        throw invalid_field(name, fmt::format("{}; valid is above 0 to {}", value, most));
    }
}

void require_not_negative(const char* name, double value, double most) {
    if (std::isnan(value) || value < 0.0 || value > most) {
        throw invalid_field(name, fmt::format("{}; valid is 0 to {}", value, most));
    }
}

} // namespace

void check(const OpticalParameters& p) {
    require_between("width", p.width, 1, 256);
    require_between("height", p.height, 1, 256);
    require_up_to("phase_range", p.phase_range, 2 * std::numbers::pi);
    require_between("levels", p.levels, 2, 4096);
    require_between("outputs", p.outputs, 1, 65536);
    require_between("grains", p.grains, 1, 64);
    require_up_to("exposure", p.exposure, 1.0);
    require_up_to("full_well", p.full_well, largest_full_well);
    require_not_negative("read_noise", p.read_noise, p.full_well);
    require_not_negative("camera_noise", p.camera_noise, 10.0);
    require_between("bits", p.bits, 1, 16);
    require_up_to("frame_time", p.frame_time, 60.0);
    const std::size_t most = most_entries / (p.inputs() * p.grains);
    if (p.outputs > most) {
        throw invalid_field("outputs",
                            fmt::format("{}; valid is 1 to {} with {} pixels and {} grains, whose "
                                        "transmission matrix then stays below 2 GiB",
                                        p.outputs, most, p.inputs(), p.grains));
    }
}

} // namespace phyll::physics
