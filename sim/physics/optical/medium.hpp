#pragma once

#include "drivers/core/aligned_floats.hpp"
#include "drivers/core/workers.hpp"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace phyll::physics {

/// The scattering medium: a transmission matrix T for each grain of the super-pixels, its entries
/// independent circular complex normal numbers of variance 1 / inputs (Popoff et al., Phys. Rev.
/// Lett. 104:100601, 2010). They are a function of (seed, output, grain, input): drawn anew
/// whenever they are needed, and kept only in the form that products want.
///
/// What moves it: input k belongs to component k mod `components`, and a component's angle turns
/// its columns from T towards those of an independent medium T2, T' = cos(angle) T + sin(angle) T2.
/// The statistics of T' are those of T at any angle. With one and the same angle for all, that is
/// T' = sqrt(1 - a^2) T + a T2, a = sin(angle).
class ScatteringMedium {
  public:
    /// `workers` outlive the medium.
    ScatteringMedium(std::uint64_t seed, std::size_t inputs, std::size_t outputs,
                     std::size_t grains, Workers& workers);

    /// Number of components, at most 64.
    [[nodiscard]] std::size_t components() const noexcept { return components_; }

    /// Sets each component's angle, in rad; all 0 is the nominal medium, to the bit.
    void turn(std::span<const double> angles);

    /// Mean intensity in the super-pixels [first, first + count), times `scale`, of `samples`
    /// fields, inputs numbers each: intensity[i * stride + j] is that of super-pixel first + j.
    /// `imaginary` may be null. `first` is a multiple of 64. Thread-safe but for `turn`.
    struct Fields {
        const float* real;
        const float* imaginary;
        std::size_t samples;
    };
    void intensity(const Fields& fields, std::size_t first, std::size_t count, float scale,
                   float* intensity, std::size_t stride) const;

    /// The row of T' that one grain of one super-pixel sees.
    [[nodiscard]] std::vector<std::complex<float>> row(std::size_t output, std::size_t grain) const;

  private:
    void pack();
    void pack_panel(std::size_t panel, std::size_t grain);
    void draw_row(std::size_t output, std::size_t grain, std::span<float> real,
                  std::span<float> imaginary) const;

    std::uint64_t key_;
    std::uint64_t other_key_;
    std::size_t inputs_;
    std::size_t outputs_;
    std::size_t grains_;
    std::size_t components_;
    Workers& workers_;
    std::vector<float> cosine_; ///< of each input's angle
    std::vector<float> sine_;   ///< empty: the nominal medium
    AlignedFloats packed_;      ///< panels of outputs, each grain by grain
};

} // namespace phyll::physics
