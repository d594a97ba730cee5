#pragma once

#include <cstddef>
#include <cstdint>

/// The time integration of a ladder of resistors, capacitors and diodes, as plain numbers:
/// pointers, sizes, no memory of its own. What the numbers mean is the business of
/// sim/physics/electronic.
namespace phyll::physics::kernels {

/// A tile holds this many bytes of samples side by side: 16 lanes of float, 8 of double.
inline constexpr std::size_t electronic_tile_bytes = 64;
inline constexpr std::size_t electronic_max_stages = 16;

template <class Real>
inline constexpr std::size_t electronic_lanes = electronic_tile_bytes / sizeof(Real);

/// One node of the ladder over a time step h. y, the voltage in the middle of the step, solves
/// y - v + from_before (y - y_before) + from_after (y - y_after) + diode sinh(y / slope) = 0.
template <class Real>
struct ElectronicNode {
    Real from_before; ///< h / (2 C R), R towards the source
    Real from_after;  ///< h / (2 C R'), R' away from the source; 0 at the open end
    Real diode;       ///< h Is / C, in V; 0 without diodes
    Real slope;       ///< n Vt, in V
    Real per_volt;    ///< 1 / slope
    Real conduction;  ///< diode / slope
};

/// The device and how it is stepped.
template <class Real>
struct ElectronicPlan {
    std::size_t stages;
    const ElectronicNode<Real>* node;
    std::size_t samples; ///< voltages of the source, one after the other
    std::size_t steps;   ///< time steps that each of them is held
};

/// A tile's samples; each row holds one number of every lane, in V.
template <class Real>
struct ElectronicTile {
    Real* v;            ///< stages rows: state
    const Real* source; ///< samples rows
    Real* trace;        ///< samples x stages rows: the nodes at the end of each hold
};

extern "C" {

/// Integrates a tile. Returns the lanes (bit by bit) in which a step's equation was not solved;
/// then nothing in the tile is valid.
__attribute__((visibility("default"))) std::uint64_t
phyll_electronic_run_float(const ElectronicPlan<float>* plan, const ElectronicTile<float>* tile);
__attribute__((visibility("default"))) std::uint64_t
phyll_electronic_run_double(const ElectronicPlan<double>* plan, const ElectronicTile<double>* tile);

/// sinh and cosh of `lanes` numbers as the integration computes them: to 4e-7 of the result in
/// float, 1e-15 in double. Beyond +-87 (float) or +-700 (double) they are those of the bound.
__attribute__((visibility("default"))) void
phyll_electronic_hyperbolic_float(const float* x, float* sinh, float* cosh);
__attribute__((visibility("default"))) void
phyll_electronic_hyperbolic_double(const double* x, double* sinh, double* cosh);

/// The instruction set that this copy of the library is built for: "x86-64-v3".
__attribute__((visibility("default"))) const char* phyll_electronic_kernel_level();
}

} // namespace phyll::physics::kernels
