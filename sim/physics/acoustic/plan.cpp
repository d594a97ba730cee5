#include "sim/physics/acoustic/plan.hpp"

#include "sim/physics/acoustic/modes.hpp"

#include <Eigen/Dense>

#include <cmath>
#include <complex>
#include <numbers>
#include <tuple>

namespace phyll::physics {
namespace {

constexpr std::size_t membranes = kernels::acoustic_membranes;
constexpr std::size_t speakers = kernels::acoustic_speakers;
constexpr std::size_t microphones = kernels::acoustic_microphones;
static_assert(std::tuple_size_v<decltype(AcousticParameters::membranes)> == membranes);
static_assert(std::tuple_size_v<decltype(AcousticParameters::speakers)> == speakers);
static_assert(std::tuple_size_v<decltype(AcousticParameters::microphones)> == microphones);

/// exp(t [[-2d, -w], [w, 0]]), row by row: with A + d I = N, N^2 = (d^2 - w^2) I, it is
/// e^(-d t) (cos(nu t) I + sin(nu t) / nu N), nu = sqrt(w^2 - d^2), imaginary when overdamped.
std::array<double, 4> damped_rotation(double omega, double decay, double time) {
    const std::complex<double> nu = std::sqrt(std::complex<double>(omega * omega - decay * decay));
    const double c = std::cos(nu * time).real();
    const double s = std::abs(nu) * time < 1e-9 ? time : (std::sin(nu * time) / nu).real();
    const double e = std::exp(-decay * time);
    return {e * (c - decay * s), -e * omega * s, e * omega * s, e * (c + decay * s)};
}

/// A matrix of Eigen into an array of the kernel.
template <class Real, std::size_t rows, std::size_t columns>
void put(const Eigen::Matrix<double, static_cast<int>(rows), static_cast<int>(columns)>& from,
         Real (&to)[rows][columns]) {
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            to[i][j] =
                static_cast<Real>(from(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)));
        }
    }
}

} // namespace

template <class Real>
AcousticPlan<Real>::AcousticPlan(const AcousticParameters& parameters,
                                 const AcousticGeometry& geometry)
    : parameters_(parameters) {
    check(parameters_);
    tabulate_comb();
    set_membranes();
    set_geometry(geometry);
}

template <class Real>
void AcousticPlan<Real>::set_geometry(const AcousticGeometry& geometry) {
    set_modes(geometry);
    set_coupling();
}

template <class Real>
void AcousticPlan<Real>::tabulate_comb() {
    const AcousticParameters& p = parameters_;
    const std::vector<AcousticBin> bins = acoustic_bins(p);
    plan_.period = p.window_steps();
    plan_.tones = p.tones;
    plan_.bins = bins.size();
    for (std::size_t i = 0; i < plan_.period; ++i) {
        // Coupling acts in the middle of a step.
        const double time = (static_cast<double>(i) + 0.5) / p.sample_rate;
        const double turn = 2 * std::numbers::pi * time;
        for (std::size_t k = 0; k < p.tones; ++k) {
            tone_.push_back(static_cast<Real>(std::cos(turn * p.tone(k) + p.multitone().phase(k))));
        }
        for (const AcousticBin& bin : bins) {
            cosine_.push_back(static_cast<Real>(std::cos(turn * bin.frequency)));
            sine_.push_back(static_cast<Real>(std::sin(turn * bin.frequency)));
        }
    }
    plan_.tone = tone_.data();
    plan_.cosine = cosine_.data();
    plan_.sine = sine_.data();
}

template <class Real>
void AcousticPlan<Real>::set_membranes() {
    const AcousticParameters& p = parameters_;
    const double tau = 0.5 / p.sample_rate;
    for (std::size_t m = 0; m < membranes; ++m) {
        const double resonance = 2 * std::numbers::pi * p.resonances[m];
        const double k1 = p.membrane_mass * resonance * resonance;
        const double k3 = p.nonlinearity * k1 / (p.stiffening * p.stiffening);
        const double r = p.membrane_mass * resonance / p.membrane_q;
        // The discrete gradient step 2m (g - v)/tau + r g + k1 (x + d) + k3 (...) = 0, g = 2d/tau,
        // divided by the factor of d in its linear part.
        const double unit = 4 * p.membrane_mass / (tau * tau) + 2 * r / tau + k1;
        plan_.velocity_share[m] = static_cast<Real>(2 * p.membrane_mass / tau / unit);
        plan_.stiffness[m] = static_cast<Real>(k1 / unit);
        plan_.cubic[m] = static_cast<Real>(k3 / unit);
    }
    plan_.velocity_per_travel = static_cast<Real>(4 / tau);
}

template <class Real>
void AcousticPlan<Real>::set_modes(const AcousticGeometry& g) {
    const AcousticParameters& p = parameters_;
    const double h = 1 / p.sample_rate;
    const double kick = h * mode_stiffness(p);
    rows_.clear();
    shapes_.clear();
    for (const AcousticMode& mode : acoustic_modes(p)) {
        const double omega = mode.omega * frequency_factor(g.warming);
        const auto whole = damped_rotation(omega, mode_decay(p), h);
        const auto half = damped_rotation(omega, mode_decay(p), h / 2);
        kernels::AcousticModeRow<Real> row;
        Shapes shapes;
        for (std::size_t i = 0; i < whole.size(); ++i) {
            row.whole_step[i] = static_cast<Real>(whole[i]);
            row.half_step[i] = static_cast<Real>(half[i]);
        }
        for (std::size_t m = 0; m < membranes; ++m) {
            shapes.membrane[m] = mode_shape(mode, p.size, g.membranes[m]);
            row.at_membrane[m] = static_cast<Real>(shapes.membrane[m]);
            // A membrane that moves outwards makes room: minus.
            row.from_membrane[m] = static_cast<Real>(-kick * p.membrane_area * shapes.membrane[m]);
        }
        for (std::size_t s = 0; s < speakers; ++s) {
            shapes.speaker[s] = mode_shape(mode, p.size, g.speakers[s]);
            row.from_speaker[s] = static_cast<Real>(kick * shapes.speaker[s]);
        }
        for (std::size_t o = 0; o < microphones; ++o) {
            shapes.microphone[o] = mode_shape(mode, p.size, g.microphones[o]);
            row.at_microphone[o] = static_cast<Real>(shapes.microphone[o]);
        }
        rows_.push_back(row);
        shapes_.push_back(shapes);
    }
    plan_.modes = rows_.size();
    plan_.mode = rows_.data();
}

/// With Bm, Bs, Bo the shapes at membranes, speakers and microphones, the implicit midpoint rule
/// for modes and membranes gives the mean velocity vb of the membranes over a step:
/// (I + h^2/4 diag(S/m) kappa Bm^T Bm diag(S)) vb = v + h S/2m (Bm^T q + h/2 kappa Bm^T Bs Q).
template <class Real>
void AcousticPlan<Real>::set_coupling() {
    const AcousticParameters& p = parameters_;
    const double h = 1 / p.sample_rate;
    const double area = p.membrane_area;
    const double kappa = mode_stiffness(p);
    const auto modes = static_cast<Eigen::Index>(shapes_.size());
    Eigen::Matrix<double, Eigen::Dynamic, membranes> bm(modes, Eigen::Index{membranes});
    Eigen::Matrix<double, Eigen::Dynamic, speakers> bs(modes, Eigen::Index{speakers});
    Eigen::Matrix<double, Eigen::Dynamic, microphones> bo(modes, Eigen::Index{microphones});
    for (Eigen::Index n = 0; n < modes; ++n) {
        const Shapes& shapes = shapes_[static_cast<std::size_t>(n)];
        bm.row(n) = Eigen::Map<const Eigen::RowVector<double, membranes>>(shapes.membrane.data());
        bs.row(n) = Eigen::Map<const Eigen::RowVector<double, speakers>>(shapes.speaker.data());
        bo.row(n) =
            Eigen::Map<const Eigen::RowVector<double, microphones>>(shapes.microphone.data());
    }
    using Square = Eigen::Matrix<double, membranes, membranes>;
    const Square system = Square::Identity() +
                          h * h / 4 * area * area / p.membrane_mass * kappa * bm.transpose() * bm;
    const Square keep = system.inverse();
    const double push = h * area / (2 * p.membrane_mass);
    put<Real, membranes, membranes>(keep, plan_.keep);
    put<Real, membranes, membranes>(push * keep, plan_.push);
    put<Real, membranes, speakers>(push * h / 2 * kappa * keep * bm.transpose() * bs, plan_.drive);
    put<Real, microphones, speakers>(h / 2 * kappa * bo.transpose() * bs, plan_.microphone_speaker);
    put<Real, microphones, membranes>(-h / 2 * kappa * area * bo.transpose() * bm,
                                      plan_.microphone_membrane);
}

template class AcousticPlan<float>;
template class AcousticPlan<double>;

} // namespace phyll::physics
