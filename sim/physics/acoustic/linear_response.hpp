#pragma once

#include "sim/physics/acoustic/geometry.hpp"

#include <complex>
#include <vector>

namespace phyll::physics {

/// Pressure at a microphone per volume velocity of a speaker at one frequency, in Pa s/m^3, of the
/// cavity with its membranes' cubic stiffness left out: solved in the frequency domain, without any
/// time step.
[[nodiscard]] std::complex<double> linear_transfer(const AcousticParameters& parameters,
                                                   const AcousticGeometry& geometry,
                                                   std::size_t speaker, std::size_t microphone,
                                                   double frequency);

/// Factor on each tone's drive that evens out how loud the tones arrive: clip(median(A) / A_k,
/// 0.25, 4), A_k the linear amplitude of tone k at microphone k mod 2 on the nominal device.
/// Belongs to the drive, not to the device: a displaced device keeps the gains of the nominal one.
[[nodiscard]] std::vector<double> tone_gains(const AcousticParameters& parameters);

} // namespace phyll::physics
