#pragma once

#include "drivers/core/sample_block.hpp"
#include "drivers/core/workers.hpp"
#include "sim/physics/optical/medium.hpp"
#include "sim/physics/optical/parameters.hpp"

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

namespace phyll::physics {

/// Light from a modulator through a scattering medium onto a camera: drives in [0, 1] in, counts of
/// the camera's super-pixels out. E = T s, I = |E|^2, averaged over the grains of a super-pixel;
/// the exposure is fixed when the device is built, on random stimuli, and stays when it is moved.
///
/// The camera's noise is a function of (seed, key, number, output). A sample's result does not
/// depend on its neighbours, its place in the block or the number of threads.
class OpticalDevice {
  public:
    /// `seed` fixes the medium, where it moves to, and the noise. `workers` outlive the device.
    /// Throws INVALID_ARGUMENT when the parameters cannot be.
    OpticalDevice(const OpticalParameters& parameters, std::uint64_t seed, Workers& workers);

    [[nodiscard]] const OpticalParameters& parameters() const noexcept { return parameters_; }
    [[nodiscard]] const ScatteringMedium& medium() const noexcept { return medium_; }

    /// See ScatteringMedium: the angle of each of its components, in rad.
    [[nodiscard]] std::size_t displacements() const noexcept { return medium_.components(); }
    void displace(std::span<const double> angles) { medium_.turn(angles); }

    /// The identity of a block's first sample; the others follow it in number.
    struct Identity {
        std::uint64_t key = 0;
        std::uint64_t number = 0;
    };
    /// `x` is inputs x samples, `y` outputs x samples. A stop request is seen between tiles, within
    /// some tens of ms. Throws CANCELLED.
    void respond(ConstBlock x, Block y, const Identity& first, const std::stop_token& stop) const;

    /// Mean number of electrons in each super-pixel: what `respond` sees before noise, saturation
    /// and digitisation.
    void electrons(ConstBlock x, Block y, const std::stop_token& stop) const;

  private:
    /// Calls then(first sample, samples, first output, outputs) after each tile of mean electrons
    /// was written to `y`.
    template <class Then>
    void for_each_tile(ConstBlock x, Block y, const std::stop_token& stop, const Then& then) const;
    void modulate(ConstBlock x, std::span<float> real, std::span<float> imaginary) const;
    void set_exposure();

    OpticalParameters parameters_;
    Workers& workers_;
    ScatteringMedium medium_;
    std::uint64_t noise_key_;
    std::vector<float> field_real_;      ///< of a pixel at each level
    std::vector<float> field_imaginary_; ///< empty for amplitudes
    float electrons_per_intensity_ = 1.0F;
};

} // namespace phyll::physics
