#include "sim/bench/microwave/cavities.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/sample_block.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace phyll::bench {
namespace {

constexpr std::size_t most_kept = 4;
constexpr unsigned threads = 2;

} // namespace

Cavities::Cavities(const physics::MicrowaveParameters& device, std::uint64_t seed, double f0)
    : device_(device), seed_(seed), f0_(f0), workers_(threads) {
    physics::check(device_);
}

std::shared_ptr<const physics::MicrowaveCavity> Cavities::at(const Band& band) {
    const auto found = std::ranges::find(kept_, band, &Kept::band);
    if (found != kept_.end()) {
        kept_.splice(kept_.begin(), kept_, found);
        return kept_.front().cavity;
    }
    physics::MicrowaveParameters parameters = device_;
    parameters.response = physics::MicrowaveResponse::complex;
    parameters.lowest_frequency = band.start / f0_;
    parameters.highest_frequency = band.stop / f0_;
    parameters.points = band.points;
    std::shared_ptr<const physics::MicrowaveCavity> cavity;
    try {
        cavity = std::make_shared<const physics::MicrowaveCavity>(parameters, seed_, workers_);
    } catch (const Error&) {
        return nullptr; // The device can be, as `check` has said: it is the frequencies.
    }
    kept_.push_front({band, cavity});
    kept_.resize(std::min(kept_.size(), most_kept));
    return cavity;
}

std::vector<std::complex<double>> Cavities::scattering(const physics::MicrowaveCavity& cavity,
                                                       const Surface::Pattern& pattern,
                                                       std::size_t receiver, std::size_t source) {
    std::vector<std::complex<double>> values;
    if (receiver == source) {
        for (const physics::ScatteringMatrix& matrix : cavity.scattering(pattern)) {
            values.push_back(matrix.at(receiver).at(source));
        }
        return values;
    }
    const std::vector<float> drive(pattern.begin(), pattern.end());
    std::vector<float> response(cavity.n_out());
    std::vector<std::complex<float>> sweep(cavity.parameters().points);
    const std::array<std::span<std::complex<float>>, 1> sweeps{sweep};
    cavity.respond(ConstBlock(drive.data(), drive.size(), 1),
                   Block(response.data(), response.size(), 1), workers_, {}, sweeps);
    values.assign(sweep.begin(), sweep.end());
    return values;
}

} // namespace phyll::bench
