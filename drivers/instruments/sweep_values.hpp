#pragma once

#include "drivers/instruments/vna.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace phyll::instruments {

/// A sweep from a block of real and imaginary parts in turn, little-endian, double or float. Throws
/// DATA_LOSS when there are not as many as the setup has points, or one is no finite number.
[[nodiscard]] SweepValues from_block(std::span<const std::byte> block, bool is_double,
                                     const VnaSetup& setup);

/// The same from "[frequency,real part,imaginary part],[...],...", whose frequencies have to be
/// those of the setup.
[[nodiscard]] SweepValues from_tuples(std::string_view text, const VnaSetup& setup);

} // namespace phyll::instruments
