#pragma once

#include "drivers/core/sample_block.hpp"
#include "drivers/core/workers.hpp"
#include "sim/physics/acoustic/geometry.hpp"
#include "sim/physics/acoustic/integrator.hpp"

#include <complex>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

namespace phyll::physics {

/// The acoustic device: drives in [0, 1] in, amplitudes at the microphones' bins in Pa out. Each
/// sample starts from rest. Samples are computed in tiles of a fixed size, padded with silence: the
/// result of one does not depend on its neighbours, its place or the number of threads.
class AcousticCavity {
  public:
    /// Throws INVALID_ARGUMENT when the parameters cannot be.
    explicit AcousticCavity(const AcousticParameters& parameters);

    [[nodiscard]] const AcousticParameters& parameters() const noexcept { return parameters_; }
    [[nodiscard]] std::size_t n_in() const noexcept { return parameters_.tones; }
    [[nodiscard]] std::size_t n_out() const noexcept { return integrator_.bins(); }
    /// Volume velocity of each tone at full drive, in m^3/s.
    [[nodiscard]] std::span<const double> full_drive() const noexcept { return full_drive_; }

    /// See `displaced_geometry`; the drive stays that of the nominal device.
    void displace(std::span<const double> offsets);

    /// `x` is n_in x samples, `y` n_out x samples. A stop request is seen between tiles, within a
    /// few ms. Throws CANCELLED, or INTERNAL naming the sample whose integration failed.
    ///
    /// `amplitudes`: none, or for each sample room for the complex amplitude of each bin, in Pa,
    /// that its response is the size of, or no room. The response does not depend on it.
    void respond(ConstBlock x, Block y, Workers& workers, const std::stop_token& stop,
                 std::span<const std::span<std::complex<float>>> amplitudes = {}) const;

    /// How well the device has settled when it is listened to: two successive windows are compared,
    /// bin by bin. Root mean square of the difference of the amplitudes over that of the
    /// amplitudes, the largest of any sample of `x` (n_in x samples); 0 for silence. Costs a window
    /// more than `respond`, on the caller's thread. Throws INTERNAL as `respond` does.
    [[nodiscard]] double disagreement_of_windows(ConstBlock x) const;

  private:
    using Tile = AcousticIntegrator<float>::Tile;

    /// A tile that has been listened to for a window, from sample `first` of `x` on.
    [[nodiscard]] Tile settled_tile(ConstBlock x, std::size_t first) const;
    void run(Tile& tile, std::size_t steps, std::size_t unheard, std::size_t first) const;
    void respond_tile(ConstBlock x, Block y, std::size_t first,
                      std::span<const std::span<std::complex<float>>> amplitudes) const;

    AcousticParameters parameters_;
    std::vector<double> full_drive_;
    AcousticIntegrator<float> integrator_;
};

/// The instruction set that the acoustic kernel in use is built for: "x86-64", "x86-64-v3",
/// "x86-64-v4". Results are bit-identical on one level only.
[[nodiscard]] std::string_view acoustic_kernel_level();

} // namespace phyll::physics
