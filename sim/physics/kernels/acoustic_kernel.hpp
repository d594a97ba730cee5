#pragma once

#include <cstddef>
#include <cstdint>

/// The time integration of the acoustic cavity, as plain numbers: pointers, sizes, no memory of its
/// own. What the numbers mean is the business of sim/physics/acoustic.
namespace phyll::physics::kernels {

/// A tile holds this many bytes of samples side by side: 16 lanes of float, 8 of double.
inline constexpr std::size_t acoustic_tile_bytes = 64;
inline constexpr std::size_t acoustic_membranes = 4;
inline constexpr std::size_t acoustic_speakers = 4;
inline constexpr std::size_t acoustic_microphones = 2;
inline constexpr std::size_t acoustic_max_modes = 256;
inline constexpr std::size_t acoustic_max_tones = 64;
inline constexpr std::size_t acoustic_max_bins = 64;

template <class Real>
inline constexpr std::size_t acoustic_lanes = acoustic_tile_bytes / sizeof(Real);

/// What one mode of the cavity does in a step and how it is coupled.
template <class Real>
struct AcousticModeRow {
    Real whole_step[4]; ///< (q, u) <- [0 1; 2 3] (q, u) over one time step
    Real half_step[4];  ///< the same over half a step
    Real at_membrane[acoustic_membranes];
    Real at_microphone[acoustic_microphones];
    Real from_speaker[acoustic_speakers];   ///< change of q per unit of volume velocity
    Real from_membrane[acoustic_membranes]; ///< change of q per unit of membrane velocity
};

/// The device and its drive. Matrices are row by row.
template <class Real>
struct AcousticPlan {
    std::size_t modes;
    const AcousticModeRow<Real>* mode;

    /// Membrane alone over half a step; d, half its travel, solves
    /// d - velocity_share v + stiffness x + cubic (x + d) ((x + d)^2 + d^2) = 0.
    Real velocity_share[acoustic_membranes];
    Real stiffness[acoustic_membranes];
    Real cubic[acoustic_membranes];
    Real velocity_per_travel; ///< v <- velocity_per_travel d - v

    /// Coupling: mean velocity over the step = keep v + push p(membranes) + drive Q.
    Real keep[acoustic_membranes][acoustic_membranes];
    Real push[acoustic_membranes][acoustic_membranes];
    Real drive[acoustic_membranes][acoustic_speakers];
    /// Half of what one step's coupling adds to the pressure at the microphones.
    Real microphone_speaker[acoustic_microphones][acoustic_speakers];
    Real microphone_membrane[acoustic_microphones][acoustic_membranes];

    /// Tables over one period of the comb; tone k plays on speaker k mod 4, bin k listens to
    /// microphone k mod 2.
    std::size_t period;
    std::size_t tones;
    const Real* tone; ///< period x tones
    std::size_t bins;
    const Real* cosine; ///< period x bins
    const Real* sine;   ///< period x bins
};

/// The state of a tile's samples; each row holds one number of every lane.
template <class Real>
struct AcousticTile {
    Real* q;               ///< modes rows
    Real* u;               ///< modes rows
    Real* x;               ///< membranes rows: displacement
    Real* v;               ///< membranes rows: velocity
    const Real* amplitude; ///< tones rows: volume velocity of each tone
    Real* cosine_sum;      ///< bins rows: added to
    Real* sine_sum;        ///< bins rows: added to
};

/// Which steps to take: `steps` of them, the first at place `phase` of the period; the microphones
/// are listened to from step `listen_from` on, counted from the first.
struct AcousticSteps {
    std::size_t phase;
    std::size_t steps;
    std::size_t listen_from;
};

/// Instead of tones in and bins out: what the speakers play and the microphones hear, step by step,
/// of the first lane; all lanes are played the same.
template <class Real>
struct AcousticSignals {
    const Real* speakers; ///< steps x speakers: volume velocity
    Real* microphones;    ///< steps x microphones: pressure in the middle of each step
};

extern "C" {

/// Integrates a tile. Returns the lanes (bit by bit) in which a membrane's equation was not solved;
/// then nothing in the tile is valid.
__attribute__((visibility("default"))) std::uint64_t
phyll_acoustic_run_float(const AcousticPlan<float>* plan, const AcousticTile<float>* tile,
                         AcousticSteps steps);
__attribute__((visibility("default"))) std::uint64_t
phyll_acoustic_run_double(const AcousticPlan<double>* plan, const AcousticTile<double>* tile,
                          AcousticSteps steps);

/// The same with signals. The tile's amplitudes and sums are not looked at.
__attribute__((visibility("default"))) std::uint64_t
phyll_acoustic_stream_double(const AcousticPlan<double>* plan, const AcousticTile<double>* tile,
                             const AcousticSignals<double>* signals, std::size_t steps);

/// The instruction set that this copy of the library is built for: "x86-64-v3".
__attribute__((visibility("default"))) const char* phyll_acoustic_kernel_level();
}

} // namespace phyll::physics::kernels
