#pragma once

#include "drivers/core/physical_layer.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace phyll::training {

/// Uniformly random drives, each rounded to what its input can do; `n_in x samples`.
[[nodiscard]] OwnedBlock uniform_drives(const LayerSpec& spec, std::size_t samples,
                                        std::uint64_t seed);

/// `drive` as an input of `levels` levels takes it; 0 levels: as it is.
[[nodiscard]] float rounded(float drive, unsigned levels) noexcept;

/// Drives whose class is the exclusive or of two inputs. A rig that is linear in its inputs, and
/// any linear classifier of the inputs themselves, is right in half of the cases.
struct ExclusiveOrProbe {
    OwnedBlock drives;                 ///< n_in x samples
    std::vector<std::uint32_t> labels; ///< 1 where one of the two inputs is high
};

/// The two inputs take the four combinations of 0.25 and 0.75 with a jitter of +-0.05, in equal
/// numbers and keyed order; the others rest at 0.5. Inputs with two levels take 0 and 1, and the
/// others are random bits, the same in all samples. `first` and `second` differ.
[[nodiscard]] ExclusiveOrProbe exclusive_or(const LayerSpec& spec, std::size_t first,
                                            std::size_t second, std::size_t samples,
                                            std::uint64_t seed);

} // namespace phyll::training
