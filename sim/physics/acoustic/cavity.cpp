#include "sim/physics/acoustic/cavity.hpp"

#include "drivers/core/error.hpp"
#include "sim/physics/acoustic/linear_response.hpp"
#include "sim/physics/sample_tiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>

namespace phyll::physics {
namespace {

constexpr std::size_t lanes = AcousticIntegrator<float>::lanes;

std::vector<double> full_drive_of(const AcousticParameters& parameters) {
    std::vector<double> drive = tone_gains(parameters);
    for (double& value : drive) {
        value *= parameters.drive;
    }
    return drive;
}

} // namespace

AcousticCavity::AcousticCavity(const AcousticParameters& parameters)
    : parameters_((check(parameters), parameters)),
      full_drive_(full_drive_of(parameters)),
      integrator_(parameters, nominal_geometry(parameters)) {}

void AcousticCavity::displace(std::span<const double> offsets) {
    integrator_.set_geometry(displaced_geometry(parameters_, offsets));
}

void AcousticCavity::respond(ConstBlock x, Block y, Workers& workers, const std::stop_token& stop,
                             std::span<const std::span<std::complex<float>>> amplitudes) const {
    for_each_sample_tile(x.samples(), lanes, workers, stop,
                         [&](std::size_t first) { respond_tile(x, y, first, amplitudes); });
}

void AcousticCavity::run(Tile& tile, std::size_t steps, std::size_t unheard,
                         std::size_t first) const {
    const std::uint64_t failed = integrator_.run(tile, steps, unheard);
    if (failed != 0) {
        throw Error(Code::internal,
                    fmt::format("the cavity's membranes could not be integrated for sample {} of "
                                "the block: the drive is too strong for the time step",
                                first + static_cast<std::size_t>(std::countr_zero(failed))));
    }
}

AcousticCavity::Tile AcousticCavity::settled_tile(ConstBlock x, std::size_t first) const {
    Tile tile = integrator_.new_tile();
    for (std::size_t lane = 0; lane < std::min(lanes, x.samples() - first); ++lane) {
        const std::span<const float> stimulus = x.sample(first + lane);
        for (std::size_t k = 0; k < n_in(); ++k) {
            tile.amplitude(k, lane) = static_cast<float>(full_drive_[k]) * stimulus[k];
        }
    }
    const std::size_t settle = parameters_.settle_steps();
    run(tile, settle + parameters_.window_steps(), settle, first);
    return tile;
}

void AcousticCavity::respond_tile(
    ConstBlock x, Block y, std::size_t first,
    std::span<const std::span<std::complex<float>>> amplitudes) const {
    const Tile tile = settled_tile(x, first);
    for (std::size_t lane = 0; lane < std::min(lanes, x.samples() - first); ++lane) {
        const std::span<float> response = y.sample(first + lane);
        for (std::size_t k = 0; k < n_out(); ++k) {
            response[k] = std::abs(tile.pressure(k, lane));
        }
        if (amplitudes.empty() || amplitudes[first + lane].empty()) {
            continue;
        }
        for (std::size_t k = 0; k < n_out(); ++k) {
            amplitudes[first + lane][k] = tile.pressure(k, lane);
        }
    }
}

double AcousticCavity::disagreement_of_windows(ConstBlock x) const {
    double largest = 0.0;
    for (std::size_t first = 0; first < x.samples(); first += lanes) {
        const Tile before = settled_tile(x, first);
        Tile after = before;
        run(after, parameters_.window_steps(), 0, first);
        for (std::size_t lane = 0; lane < std::min(lanes, x.samples() - first); ++lane) {
            double difference = 0.0;
            double size = 0.0;
            for (std::size_t k = 0; k < n_out(); ++k) {
                const auto amplitude = static_cast<double>(std::abs(after.pressure(k, lane)));
                const auto earlier = static_cast<double>(std::abs(before.pressure(k, lane)));
                difference += (amplitude - earlier) * (amplitude - earlier);
                size += amplitude * amplitude;
            }
            largest = std::max(largest, size > 0.0 ? std::sqrt(difference / size) : 0.0);
        }
    }
    return largest;
}

std::string_view acoustic_kernel_level() {
    return kernels::phyll_acoustic_kernel_level();
}

} // namespace phyll::physics
