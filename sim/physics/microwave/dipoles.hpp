#pragma once

#include "sim/physics/microwave/geometry.hpp"

#include <array>
#include <complex>
#include <cstdint>
#include <span>
#include <vector>

/// Coupled dipoles in two dimensions, after Faqiri et al., "PhysFad: Physics-Based End-to-End
/// Channel Modeling of RIS-Parametrized Environments With Adjustable Fading", IEEE Trans. Wireless
/// Commun. (2023), arXiv 2202.02673, who write time as exp(+i w t): everything here is the
/// conjugate of theirs.
///
/// The field at dipole i is what comes in less what the others send, so that W p = incoming with
///   W_ij = -(i/4) H0(k r_ij),  W_ii = 1/a_i,
/// H0 the Hankel function of the first kind, k = 2 pi f;
/// the optical theorem asks of every dipole that -Im(1/a) = 1/4 + loss, loss >= 0.
/// At the ports S = 1 + 2 i gamma [W^-1], and with P = W^-1 B, B = sqrt(gamma) at the ports,
///   1 - S^H S = 4 P^H (J0(k r_ij)/4 + diag(loss)) P  >= 0:
/// what does not come back is radiated or absorbed, for any pattern of the atoms.
namespace phyll::physics {

/// 1/a of one kind of dipole at frequency f (in f0).
/// Wires and rods: Y0(k radius)/4 - i (1/4 + wall_loss).
[[nodiscard]] std::complex<double> wire_entry(const MicrowaveParameters& parameters, double radius,
                                              double frequency);
/// Atoms: Qr/4 ((fs/f)^2 - 1 - i (fs/f)/Qa) - i/4, fs the resonance of the state.
[[nodiscard]] std::complex<double> atom_entry(const MicrowaveParameters& parameters, bool on,
                                              double frequency);
/// Ports: Qp/4 (1/f^2 - 1) - i (1/4 + gamma).
[[nodiscard]] std::complex<double> port_entry(const MicrowaveParameters& parameters,
                                              double frequency);
/// W_ij of two places.
[[nodiscard]] std::complex<double> coupling(const PlanePlace& a, const PlanePlace& b,
                                            double frequency);

/// S at the two ports.
using ScatteringMatrix = std::array<std::array<std::complex<double>, 2>, 2>;

/// What is exact, and slow: all dipoles at once, by LU with pivoting. The reference for
/// `MicrowaveCavity`, which has the same answers a thousand times faster.
struct DipoleSolution {
    ScatteringMatrix scattering;
    /// P of each port: the wires' dipoles, then the atoms', the rods', the ports'.
    std::array<std::vector<std::complex<double>>, 2> dipoles;
};

enum class DipoleWaves {
    outgoing, ///< as they are
    standing  ///< only real parts, and gamma: nothing is lost but what the cables take
};

/// `pattern` has one number per atom, not 0 for on. Throws INVALID_ARGUMENT when it has not.
[[nodiscard]] DipoleSolution solve_dipoles(const MicrowaveParameters& parameters,
                                           const MicrowaveGeometry& geometry,
                                           std::span<const std::uint8_t> pattern, double frequency,
                                           DipoleWaves waves = DipoleWaves::outgoing);

} // namespace phyll::physics
