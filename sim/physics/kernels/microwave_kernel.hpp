#pragma once

#include <cstddef>
#include <cstdint>

/// Elimination in complex symmetric matrices, as plain numbers: pointers, sizes, no memory of its
/// own. What the numbers mean is the business of sim/physics/microwave.
namespace phyll::physics::kernels {

/// A group holds this many bytes of frequencies side by side: 16 lanes of float, 8 of double.
inline constexpr std::size_t microwave_group_bytes = 64;

template <class Real>
inline constexpr std::size_t microwave_lanes = microwave_group_bytes / sizeof(Real);

/// One complex number for each frequency of a group.
template <class Real>
struct alignas(microwave_group_bytes) MicrowaveEntry {
    Real re[microwave_lanes<Real>];
    Real im[microwave_lanes<Real>];
};

/// Number of entries in the lower triangle of a symmetric matrix, which is stored row by row: entry
/// (i, j), j <= i, is at microwave_triangle(i) + j.
[[nodiscard]] constexpr std::size_t microwave_triangle(std::size_t rows) noexcept {
    return rows * (rows + 1) / 2;
}

/// A symmetric matrix of which rows and columns are eliminated one after the other (LDL^T without
/// pivoting: for what it is used, every leading block is that of a passive device, and regular).
struct MicrowaveElimination {
    MicrowaveEntry<double>* matrix; ///< lower triangle; worked on in place
    std::size_t first;              ///< rows before have been worked on by an earlier call
    std::size_t rows;               ///< rows from here on are not touched
    std::size_t pivots;             ///< rows to be eliminated, from the top
    MicrowaveEntry<double>* room;   ///< 2 rows entries
};

/// Some atoms of a device in one of two states: which of them differ from a reference pattern, and
/// the inverse of the reference.
struct MicrowaveQuery {
    /// Lower triangle of the inverse of the reference at the atoms and, last, two ports.
    const MicrowaveEntry<float>* inverse;
    std::size_t atoms;
    /// What is added to the inverse's diagonal: one over what a moved atom's own entry changes by.
    const MicrowaveEntry<float>* step;
    const std::uint32_t* moved; ///< the atoms that differ, ascending
    std::size_t count;          ///< how many
    std::size_t lanes;          ///< the group's lanes from here on are not computed
    /// microwave_triangle(count) + 2 count entries.
    MicrowaveEntry<float>* room;
    /// The inverse, of the pattern, at the two ports.
    MicrowaveEntry<float>* result;
};

extern "C" {

/// After it, entry (i, j) of a row from `pivots` on holds that of the Schur complement, for columns
/// from `pivots` on. What the other entries hold is for the next call on the same matrix, with more
/// rows.
__attribute__((visibility("default"))) void
phyll_microwave_eliminate(const MicrowaveElimination* elimination);

/// V_21 - V_2m [diag(step) + V_mm]^-1 V_m1.
__attribute__((visibility("default"))) void phyll_microwave_query(const MicrowaveQuery* query);

/// The instruction set that this copy of the library is built for: "x86-64-v3".
__attribute__((visibility("default"))) const char* phyll_microwave_kernel_level();
}

} // namespace phyll::physics::kernels
