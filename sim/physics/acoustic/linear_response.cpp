#include "sim/physics/acoustic/linear_response.hpp"

#include "sim/physics/acoustic/modes.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <numbers>

namespace phyll::physics {
namespace {

using Complex = std::complex<double>;

/// Green's function of the air without membranes: pressure at one place per volume velocity at
/// another.
class Air {
  public:
    Air(const AcousticParameters& p, const AcousticGeometry& g, double omega)
        : size_(p.size), modes_(acoustic_modes(p)) {
        const Complex s{0.0, omega};
        for (const AcousticMode& mode : modes_) {
            const double resonance = mode.omega * frequency_factor(g.warming);
            weights_.push_back(mode_stiffness(p) * s /
                               (s * s + 2.0 * mode_decay(p) * s + resonance * resonance));
        }
    }

    [[nodiscard]] Complex operator()(const Place& at, const Place& from) const {
        Complex sum = 0.0;
        for (std::size_t n = 0; n < modes_.size(); ++n) {
            sum +=
                weights_[n] * mode_shape(modes_[n], size_, at) * mode_shape(modes_[n], size_, from);
        }
        return sum;
    }

  private:
    Place size_;
    std::vector<AcousticMode> modes_;
    std::vector<Complex> weights_;
};

/// Force per velocity of a membrane without air, in kg/s.
Complex membrane_impedance(const AcousticParameters& p, std::size_t membrane, Complex s) {
    const double resonance = 2 * std::numbers::pi * p.resonances[membrane];
    return p.membrane_mass * (s + resonance / p.membrane_q + resonance * resonance / s);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

} // namespace

std::complex<double> linear_transfer(const AcousticParameters& p, const AcousticGeometry& g,
                                     std::size_t speaker, std::size_t microphone,
                                     double frequency) {
    constexpr Eigen::Index n = std::tuple_size_v<decltype(g.membranes)>;
    const Complex s{0.0, 2 * std::numbers::pi * frequency};
    const Air air(p, g, s.imag());
    // Membranes: Z v = S p with p = G_ms - G_mm S v, for unit volume velocity of the speaker.
    Eigen::Matrix<Complex, n, n> system;
    Eigen::Vector<Complex, n> pushed;
    Eigen::RowVector<Complex, n> heard;
    for (Eigen::Index i = 0; i < n; ++i) {
        const auto m = static_cast<std::size_t>(i);
        for (Eigen::Index j = 0; j < n; ++j) {
            system(i, j) = p.membrane_area * p.membrane_area *
                           air(g.membranes[m], g.membranes[static_cast<std::size_t>(j)]);
        }
        system(i, i) += membrane_impedance(p, m, s);
        pushed(i) = p.membrane_area * air(g.membranes[m], g.speakers[speaker]);
        heard(i) = p.membrane_area * air(g.microphones[microphone], g.membranes[m]);
    }
    const Eigen::Vector<Complex, n> velocity = system.partialPivLu().solve(pushed);
    return air(g.microphones[microphone], g.speakers[speaker]) - (heard * velocity).value();
}

std::vector<double> tone_gains(const AcousticParameters& p) {
    const AcousticGeometry nominal = nominal_geometry(p);
    std::vector<double> amplitude;
    amplitude.reserve(p.tones);
    for (std::size_t k = 0; k < p.tones; ++k) {
        amplitude.push_back(std::abs(linear_transfer(p, nominal, k % p.speakers.size(),
                                                     k % p.microphones.size(), p.tone(k))));
    }
    const double middle = median(amplitude);
    std::vector<double> gains;
    gains.reserve(p.tones);
    for (const double a : amplitude) {
        gains.push_back(std::clamp(middle / a, 0.25, 4.0));
    }
    return gains;
}

} // namespace phyll::physics
