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
[[nodiscard]] std::uint64_t characterise_queries(const LayerSpec& spec);

/// Measures a rig as a computer:
/// - repeatability: the first 8 of the uniform drives, 16 times each, against the spread of all;
/// - settling: 8 repeats right after a change, first against last; drift: the 8 at the end again;
/// - nonlinear share, effective rank: max(1,200, 3 (n_in + 1)) uniformly random drives;
/// - sensitivity: each input in turn moved by half its range (a bit turned over), at 4 places (1
/// from 65 inputs on);
/// - exclusive or: 200 samples for each of 5 random and 5 adjacent pairs of inputs, half of them
/// for
///   the test; responses carry noise of 0.5 % of their root mean square beside the rig's own, since
///   without any the faintest trace of a product would do.
///
/// The verdict compares linear read-outs of the rig with those of as many digital random features,
/// paired over the pairs. Fills everything but rig, time, age, queries and measured time.
[[nodiscard]] v1::Characterisation characterise(const CharacteriseSite& site);

} // namespace phyll::training
