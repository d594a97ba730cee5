#include "sim/physics/acoustic/integrator.hpp"

#include "sim/physics/acoustic/modes.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>

namespace phyll::physics {
namespace {

constexpr std::size_t membranes = kernels::acoustic_membranes;

template <class Real>
std::uint64_t run_kernel(const kernels::AcousticPlan<Real>& plan,
                         const kernels::AcousticTile<Real>& tile, kernels::AcousticSteps steps) {
    if constexpr (std::is_same_v<Real, float>) {
        return kernels::phyll_acoustic_run_float(&plan, &tile, steps);
    } else {
        return kernels::phyll_acoustic_run_double(&plan, &tile, steps);
    }
}

} // namespace

template <class Real>
AcousticIntegrator<Real>::AcousticIntegrator(const AcousticParameters& parameters,
                                             const AcousticGeometry& geometry)
    : parameters_(parameters), plan_(parameters, geometry) {}

template <class Real>
Real& AcousticIntegrator<Real>::Tile::q(std::size_t mode, std::size_t lane) {
    return state_[mode * lanes + lane];
}

template <class Real>
Real& AcousticIntegrator<Real>::Tile::u(std::size_t mode, std::size_t lane) {
    return state_[(modes_ + mode) * lanes + lane];
}

template <class Real>
Real& AcousticIntegrator<Real>::Tile::x(std::size_t membrane, std::size_t lane) {
    return state_[(2 * modes_ + membrane) * lanes + lane];
}

template <class Real>
Real& AcousticIntegrator<Real>::Tile::v(std::size_t membrane, std::size_t lane) {
    return state_[(2 * modes_ + membranes + membrane) * lanes + lane];
}

template <class Real>
Real& AcousticIntegrator<Real>::Tile::amplitude(std::size_t tone, std::size_t lane) {
    return amplitude_[tone * lanes + lane];
}

template <class Real>
std::complex<Real> AcousticIntegrator<Real>::Tile::pressure(std::size_t bin,
                                                            std::size_t lane) const {
    const Real scale = Real(2) / static_cast<Real>(listened_);
    return {scale * sums_[bin * lanes + lane], -scale * sums_[(bins_ + bin) * lanes + lane]};
}

template <class Real>
typename AcousticIntegrator<Real>::Tile AcousticIntegrator<Real>::new_tile() const {
    Tile tile;
    tile.modes_ = modes();
    tile.bins_ = bins();
    tile.state_.resize(2 * (modes() + membranes) * lanes);
    tile.amplitude_.resize(parameters_.tones * lanes);
    tile.sums_.resize(2 * bins() * lanes);
    return tile;
}

template <class Real>
std::uint64_t AcousticIntegrator<Real>::run(Tile& tile, std::size_t steps,
                                            std::size_t unheard) const {
    std::fill(tile.sums_.begin(), tile.sums_.end(), Real(0));
    const kernels::AcousticTile<Real> view{
        .q = &tile.q(0, 0),
        .u = &tile.u(0, 0),
        .x = &tile.x(0, 0),
        .v = &tile.v(0, 0),
        .amplitude = tile.amplitude_.data(),
        .cosine_sum = tile.sums_.data(),
        .sine_sum = tile.sums_.data() + bins() * lanes,
    };
    const std::uint64_t failed = run_kernel(
        plan_.kernel(), view,
        {.phase = tile.taken_ % plan_.kernel().period, .steps = steps, .listen_from = unheard});
    tile.taken_ += steps;
    tile.listened_ = steps > unheard ? steps - unheard : 0;
    return failed;
}

template <class Real>
void AcousticIntegrator<Real>::set_geometry(const AcousticGeometry& geometry) {
    plan_.set_geometry(geometry);
}

template <class Real>
double AcousticIntegrator<Real>::energy(Tile& tile, std::size_t lane) const {
    const AcousticParameters& p = parameters_;
    const auto square = [](double value) { return value * value; };
    double air = 0.0;
    for (std::size_t n = 0; n < modes(); ++n) {
        air += square(tile.q(n, lane)) + square(tile.u(n, lane));
    }
    double membrane = 0.0;
    for (std::size_t m = 0; m < membranes; ++m) {
        const double k1 = p.membrane_mass * square(2 * std::numbers::pi * p.resonances[m]);
        const double k3 = p.nonlinearity * k1 / square(p.stiffening);
        const double x2 = square(tile.x(m, lane));
        membrane += p.membrane_mass * square(tile.v(m, lane)) / 2 + k1 * x2 / 2 + k3 * x2 * x2 / 4;
    }
    return air / (2 * mode_stiffness(p)) + membrane;
}

template class AcousticIntegrator<float>;
template class AcousticIntegrator<double>;

} // namespace phyll::physics
