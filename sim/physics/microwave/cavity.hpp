#pragma once

#include "drivers/core/sample_block.hpp"
#include "drivers/core/workers.hpp"
#include "sim/physics/microwave/reduction.hpp"

#include <complex>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

namespace phyll::physics {

/// The microwave device: the state of each meta-atom in, S21 at each frequency out.
///
/// The response is that of `solve_dipoles`, exactly but for rounding in float. Only the m atoms
/// that differ from all-off or all-on, whichever is nearer, are solved for: with V = W^-1 of that
/// reference and Delta the change of an atom's 1/a,
///   S21 = 2 i gamma (V_21 - V_2m [diag(1/Delta) + V_mm]^-1 V_m1).
/// No pivoting is needed: a pivot is the ratio of two determinants of W, of patterns that differ in
/// one atom, over Delta, and no passive device's W is singular.
/// A sample's lanes are frequencies: its result cannot depend on other samples, nor on the number
/// of threads.
class MicrowaveCavity {
  public:
    /// The device that `seed` stands for. Throws INVALID_ARGUMENT when the parameters cannot be.
    MicrowaveCavity(const MicrowaveParameters& parameters, std::uint64_t seed, Workers& workers);

    [[nodiscard]] const MicrowaveParameters& parameters() const noexcept { return parameters_; }
    [[nodiscard]] const MicrowaveGeometry& geometry() const noexcept { return geometry_; }
    [[nodiscard]] std::size_t n_in() const noexcept { return parameters_.atoms; }
    [[nodiscard]] std::size_t n_out() const noexcept {
        return parameters_.points * parameters_.outputs_per_point();
    }

    /// See `displaced_geometry`; offsets are from the nominal device.
    void displace(std::span<const double> offsets, Workers& workers);

    /// `x` is n_in x samples: an atom is on from 0.5 up. `y` is n_out x samples: frequency by
    /// frequency what `MicrowaveParameters::response` says, for complex first the real and then the
    /// imaginary part. A stop request is seen between samples, within a ms; then it throws
    /// CANCELLED.
    ///
    /// `sweeps`: none, or for each sample room for the complex S21 that its response is made of, at
    /// each frequency, or no room. The response does not depend on it.
    void respond(ConstBlock x, Block y, Workers& workers, const std::stop_token& stop,
                 std::span<const std::span<std::complex<float>>> sweeps = {}) const;

    /// S of one pattern (one number per atom, not 0 for on) at every frequency, in double.
    [[nodiscard]] std::vector<ScatteringMatrix>
    scattering(std::span<const std::uint8_t> pattern) const;

  private:
    using Entry = kernels::MicrowaveEntry<float>;

    /// What queries need, for a group of frequencies.
    struct Reference {
        std::vector<Entry> inverse; ///< of W, at atoms and ports
        Entry step;                 ///< one over what a moved atom's own entry changes by
    };
    struct Group {
        Reference off;
        Reference on;
    };
    class Tile;

    void tabulate(Workers& workers);

    MicrowaveParameters parameters_;
    MicrowaveGeometry nominal_;
    MicrowaveGeometry geometry_;
    DipoleReduction reduction_;
    std::vector<Group> groups_;
};

/// The instruction set that the microwave kernel in use is built for: "x86-64", "x86-64-v3",
/// "x86-64-v4". Results are bit-identical on one level only.
[[nodiscard]] std::string_view microwave_kernel_level();

} // namespace phyll::physics
