#pragma once

#include "daemon/training/data/data_set.hpp"

#include <cstddef>
#include <cstdint>

namespace phyll::training {

/// Digits of 28 x 28 pixels, drawn with a pen: each is a few strokes, straight or part of an
/// ellipse, in one of several ways of writing it. Every sample bends them differently: the points
/// and ellipses that make a stroke, rotation, slant, size, proportions, place and width of the pen
/// vary, and each pixel has a little noise. A task of the kind of MNIST for those who have no files
/// at hand; it is not MNIST, and figures on one say nothing about the other.
///
/// Values are 0 (paper) to 1 (ink) in steps of 1/255, row after row. Sample i is a function of
/// (seed, i) alone and shows the digit i mod 10; the training samples come first, then the test
/// samples.
[[nodiscard]] SplitData drawn_digits(std::uint64_t seed, std::size_t training_samples,
                                     std::size_t test_samples);

} // namespace phyll::training
