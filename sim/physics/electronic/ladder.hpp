#pragma once

#include "drivers/core/sample_block.hpp"
#include "drivers/core/workers.hpp"
#include "sim/physics/electronic/adc.hpp"
#include "sim/physics/electronic/integrator.hpp"

#include <span>
#include <stop_token>
#include <vector>

namespace phyll::physics {

/// The electronic device: drives in [0, 1] of the DAC in, readings of the ADC in V out. Each sample
/// starts from rest. Samples are computed in float, in tiles of a fixed size, padded with ladders
/// whose DAC is at 0 V: the result of one does not depend on its neighbours, its place or the
/// number of threads.
class ElectronicLadder {
  public:
    /// Throws INVALID_ARGUMENT when the parameters cannot be.
    explicit ElectronicLadder(const ElectronicParameters& parameters);

    [[nodiscard]] const ElectronicParameters& parameters() const noexcept { return parameters_; }
    [[nodiscard]] const std::vector<ElectronicReading>& readings() const noexcept {
        return readings_;
    }
    [[nodiscard]] const Adc& adc() const noexcept { return adc_; }
    [[nodiscard]] std::size_t n_in() const noexcept { return parameters_.dac_samples; }
    [[nodiscard]] std::size_t n_out() const noexcept { return readings_.size(); }

    /// See `displaced_components`; DAC and ADC stay those of the nominal device.
    void displace(std::span<const double> offsets);

    /// `x` is n_in x samples, `y` n_out x samples. A stop request is seen between tiles, within a
    /// ms. Throws CANCELLED, or INTERNAL naming the sample whose integration failed.
    void respond(ConstBlock x, Block y, Workers& workers, const std::stop_token& stop) const;

  private:
    void respond_tile(ConstBlock x, Block y, std::size_t first) const;

    ElectronicParameters parameters_;
    std::vector<ElectronicReading> readings_;
    Adc adc_;
    ElectronicIntegrator<float> integrator_;
};

} // namespace phyll::physics
