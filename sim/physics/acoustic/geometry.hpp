#pragma once

#include "sim/physics/acoustic/parameters.hpp"

#include <span>

namespace phyll::physics {

/// Where everything is and how warm the air is: what a disturbance moves.
struct AcousticGeometry {
    std::array<Place, 4> membranes;
    std::array<Place, 4> speakers;
    std::array<Place, 2> microphones;
    double warming = 0.0; ///< K above the 293.15 K that the speed of sound is stated for
};

/// Two numbers for each membrane and speaker, three for each microphone, one for the temperature.
inline constexpr std::size_t acoustic_displacements = 2 * 4 + 2 * 4 + 3 * 2 + 1;

[[nodiscard]] AcousticGeometry nominal_geometry(const AcousticParameters& parameters);

/// The geometry displaced by `offsets` (`acoustic_displacements` of them), in steps of 10 mm:
/// membranes and speakers slide along the wall that they sit on, microphones move in space; what
/// would leave the cavity is mirrored at the wall, as the modes' cosines are. The last moves the
/// temperature by 30 tanh(10 offset / 30) K. Throws INVALID_ARGUMENT when the length is wrong.
[[nodiscard]] AcousticGeometry displaced_geometry(const AcousticParameters& parameters,
                                                  std::span<const double> offsets);

} // namespace phyll::physics
