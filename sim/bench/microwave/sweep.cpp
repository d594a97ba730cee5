#include "sim/bench/microwave/sweep.hpp"

#include <algorithm>
#include <cmath>

namespace phyll::bench {
namespace {

constexpr double nominal_bandwidth = 10e3; ///< Hz
constexpr double nominal_power = -10.0;    ///< dBm
constexpr double dark_rms = 1e-5;          ///< of S where nothing arrives
constexpr std::uint64_t parameters = 4;    ///< S11, S12, S21, S22

} // namespace

void Sweep::measure(std::size_t end, const Surface::Pattern& pattern) {
    end = std::min(end, settings_.band.points);
    if (end <= measured_) {
        return;
    }
    if (parts_.empty() || parts_.back().pattern != pattern) {
        parts_.push_back({measured_, pattern});
    }
    measured_ = end;
}

double Sweep::noise_rms(const ReceiverNoise& noise, bool signal) const {
    const double rms = noise.rms * std::sqrt(settings_.bandwidth / nominal_bandwidth) *
                       std::pow(10.0, (nominal_power - settings_.power) / 20);
    return (signal ? rms : std::max(rms, dark_rms)) /
           std::sqrt(static_cast<double>(settings_.averages));
}

std::vector<std::complex<double>> Sweep::values(Cavities& cavities, const ReceiverNoise& noise,
                                                std::size_t receiver, std::size_t source) const {
    const bool signal = settings_.rf && cavity_ != nullptr;
    std::vector<std::complex<double>> values(measured_);
    if (signal) {
        for (const Part& part : parts_) {
            const auto all = cavities.scattering(*cavity_, part.pattern, receiver, source);
            std::copy(all.begin() + static_cast<std::ptrdiff_t>(part.first),
                      all.begin() + static_cast<std::ptrdiff_t>(measured_),
                      values.begin() + static_cast<std::ptrdiff_t>(part.first));
        }
    }
    const double rms = noise_rms(noise, signal);
    if (rms > 0) {
        for (std::size_t point = 0; point < values.size(); ++point) {
            const auto [re, im] =
                noise.random.normal_pair(number_ * parameters + 2 * receiver + source, point);
            values[point] += std::complex(rms * re, rms * im);
        }
    }
    return values;
}

} // namespace phyll::bench
