#pragma once

#include "drivers/core/physical_layer.hpp"

#include <phyll/v1/rigs.pb.h>

#include <cstdint>
#include <functional>
#include <string>

namespace phyll::training {

/// How a rig is asked while it is characterised.
struct CharacteriseSite {
    const LayerSpec& spec;
    std::uint64_t seed = 0; ///< fixes the stimuli
    /// Responses to `stimuli` (`n_in x samples`, any number of samples), each sample measured anew.
    /// Throws CANCELLED when stopped, and what the rig throws.
    std::function<OwnedBlock(ConstBlock stimuli)> measure;
    std::function<void(const v1::CharacteriseProgress&)> progress;
};

/// How many samples `characterise` measures.
[[nodiscard]] std::uint64_t characterise_queries(const LayerSpec& spec, std::uint64_t seed);

/// Measures a rig as a computer:
/// - repeatability: the first 8 of the uniform drives, 16 times each, against the spread of all;
/// - settling: 8 changes of stimulus, 8 repeats after each, first against last; drift: the 8
///   repeated stimuli at the end again;
/// - nonlinear share, effective rank: max(1,200, 3 (n_in + 1)) uniformly random drives;
/// - sensitivity: each input in turn moved by half its range (a bit turned over), at 4 places (1
///   from 65 inputs on);
/// - exclusive or: 300 samples for each of 5 random and 5 adjacent pairs of inputs, a pair that is
///   of both sorts once.
///
/// The verdict compares linear read-outs of the rig with those of as many digital random features
/// of the same signal to noise, paired over the pairs. Fills everything but rig, time, age, queries
/// and measured time.
[[nodiscard]] v1::Characterisation characterise(const CharacteriseSite& site);

} // namespace phyll::training
