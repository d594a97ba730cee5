#pragma once

#include "sim/physics/acoustic/parameters.hpp"

#include <vector>

namespace phyll::physics {

/// A standing wave of the rigid rectangular cavity (Kuttruff, Room Acoustics, ch. 3):
/// psi = sqrt(2^(number of non-zero indices)) cos cos cos, whose mean square is 1.
struct AcousticMode {
    std::array<unsigned, 3> index;
    double omega; ///< rad/s, at the temperature that the speed of sound is stated for
};

/// All modes up to the parameters' highest, lowest first; (0, 0, 0), the air as one spring, is one.
/// Throws INVALID_ARGUMENT when there are more than the kernel takes.
[[nodiscard]] std::vector<AcousticMode> acoustic_modes(const AcousticParameters& parameters);

/// psi of the mode at a place. Beyond a wall it has the value at the mirrored place.
[[nodiscard]] double mode_shape(const AcousticMode& mode, const Place& size, const Place& place);

/// Pressure that a mode gains per volume: kappa = rho c^2 / V, in Pa/m^3.
[[nodiscard]] double mode_stiffness(const AcousticParameters& parameters);

/// Decay rate of the modes, in 1/s: 60 dB in the reverberation time.
[[nodiscard]] double mode_decay(const AcousticParameters& parameters);

/// Factor on every mode's frequency in air that is warmer by `kelvin`.
[[nodiscard]] double frequency_factor(double kelvin);

} // namespace phyll::physics
