#include "sim/physics/acoustic/streamed_cavity.hpp"

#include <algorithm>
#include <cmath>

namespace phyll::physics {
namespace {

constexpr std::size_t lanes = kernels::acoustic_lanes<double>;
constexpr std::size_t membranes = kernels::acoustic_membranes;
/// Pa, and m and m/s of a membrane: far below what any converter resolves, far above what slows a
/// processor down.
constexpr double quiet = 1e-20;

} // namespace

StreamedCavity::StreamedCavity(const AcousticParameters& parameters)
    : plan_((check(parameters), parameters), nominal_geometry(parameters)),
      state_(2 * (plan_.kernel().modes + membranes) * lanes),
      unused_((parameters.tones + 2 * plan_.kernel().bins) * lanes) {}

void StreamedCavity::rest() noexcept {
    std::ranges::fill(state_, 0.0);
    resting_ = true;
}

bool StreamedCavity::is_quiet() const noexcept {
    return std::ranges::all_of(state_, [](double value) { return std::abs(value) < quiet; });
}

bool StreamedCavity::run(std::span<const double> volume_velocity,
                         std::span<double> pressure) noexcept {
    const std::size_t steps = volume_velocity.size() / speakers;
    const bool silent = std::ranges::all_of(volume_velocity, [](double v) { return v == 0.0; });
    if (silent && resting_) {
        std::ranges::fill(pressure, 0.0);
        return true;
    }
    const kernels::AcousticPlan<double>& plan = plan_.kernel();
    double* const q = state_.data();
    double* const u = q + plan.modes * lanes;
    double* const x = u + plan.modes * lanes;
    double* const v = x + membranes * lanes;
    const kernels::AcousticTile<double> tile{
        .q = q,
        .u = u,
        .x = x,
        .v = v,
        .amplitude = unused_.data(),
        .cosine_sum = unused_.data() + plan.tones * lanes,
        .sine_sum = unused_.data() + (plan.tones + plan.bins) * lanes,
    };
    const kernels::AcousticSignals<double> signals{.speakers = volume_velocity.data(),
                                                   .microphones = pressure.data()};
    resting_ = false;
    const bool solved = kernels::phyll_acoustic_stream_double(&plan, &tile, &signals, steps) == 0 &&
                        std::ranges::all_of(pressure, [](double p) { return std::isfinite(p); });
    if (!solved) {
        std::ranges::fill(pressure, 0.0);
        rest();
    } else if (silent && is_quiet()) {
        rest();
    }
    return solved;
}

} // namespace phyll::physics
