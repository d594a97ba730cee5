#include "sim/physics/electronic/ladder.hpp"

#include "drivers/core/error.hpp"
#include "sim/physics/sample_tiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace phyll::physics {
namespace {

constexpr std::size_t lanes = ElectronicIntegrator<float>::lanes;

} // namespace

ElectronicLadder::ElectronicLadder(const ElectronicParameters& parameters)
    : parameters_((check(parameters), parameters)),
      readings_(readings_of(parameters)),
      adc_(parameters.adc_bits, adc_range_of(parameters)),
      integrator_(parameters, nominal_components(parameters)) {}

void ElectronicLadder::displace(std::span<const double> offsets) {
    integrator_.set_components(displaced_components(parameters_, offsets));
}

void ElectronicLadder::respond(ConstBlock x, Block y, Workers& workers,
                               const std::stop_token& stop) const {
    for_each_sample_tile(x.samples(), lanes, workers, stop,
                         [&](std::size_t first) { respond_tile(x, y, first); });
}

void ElectronicLadder::respond_tile(ConstBlock x, Block y, std::size_t first) const {
    const std::size_t count = std::min(lanes, x.samples() - first);
    const auto low = static_cast<float>(parameters_.dac_low);
    const auto span = static_cast<float>(parameters_.dac_high - parameters_.dac_low);
    ElectronicIntegrator<float>::Tile tile = integrator_.new_tile();
    for (std::size_t lane = 0; lane < count; ++lane) {
        const std::span<const float> stimulus = x.sample(first + lane);
        for (std::size_t k = 0; k < n_in(); ++k) {
            tile.dac(k, lane) = low + span * stimulus[k];
        }
    }
    const std::uint64_t failed = integrator_.run(tile);
    if (failed != 0) {
        throw Error(Code::internal,
                    fmt::format("the ladder could not be integrated for sample {} of the block: "
                                "Newton's method found no voltages for a time step",
                                first + static_cast<std::size_t>(std::countr_zero(failed))));
    }
    for (std::size_t lane = 0; lane < count; ++lane) {
        const std::span<float> response = y.sample(first + lane);
        for (std::size_t k = 0; k < n_out(); ++k) {
            const ElectronicReading& reading = readings_[k];
            response[k] = adc_.read(tile.voltage(reading.sample - 1, reading.node - 1, lane));
        }
    }
}

} // namespace phyll::physics
