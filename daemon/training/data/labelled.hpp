#pragma once

#include "daemon/training/data/data_set.hpp"
#include "phyll/v1/run_spec.pb.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

// What files of images, arrays and the like have in common once they are read.
namespace phyll::training {

/// The class of each sample, as the file has it.
using RawLabels = std::variant<std::vector<std::int64_t>, std::vector<std::string>>;

/// Samples and their classes, and where each comes from, for messages.
struct Labelled {
    Samples inputs;
    std::string inputs_from;
    RawLabels labels;
    std::string labels_from;
};

/// A data set from samples to learn from and, where there are any, samples for the test; without
/// those, `spec.test_fraction` of the first are kept for it, stratified. Classes are the distinct
/// labels of all of them: numbers in their order, texts sorted. The training samples come in random
/// order, fixed by `seed`. Of either split the first `spec.training_samples` and `test_samples` of
/// the files are used; of one that was drawn, so many at random.
///
/// Throws INVALID_ARGUMENT, naming files, when labels are not as many as samples, when the two sets
/// do not fit each other, when there is but one class, when there are more than 4096, or when more
/// samples are asked for than there are.
[[nodiscard]] SplitData assemble(const phyll::v1::DataSpec& spec, std::uint64_t seed,
                                 const Labelled& training, const std::optional<Labelled>& test);

/// Leaves the first so many training and test samples of a split that was drawn at random; 0: all.
/// The test samples are drawn again, as they come in the file's order. Throws INVALID_ARGUMENT when
/// more are asked for than the split has.
void limit_drawn(Split& split, const phyll::v1::DataSpec& spec, std::uint64_t seed);

/// How many values a sample of that shape has, all extents but the first. Throws INVALID_ARGUMENT,
/// after `where` ("digits.idx, byte 4"), unless there are samples, and 1 to 1,000,000 features.
struct Extents {
    std::size_t samples;
    std::size_t features;
};
[[nodiscard]] Extents extents_of(std::span<const std::uint64_t> shape, const std::string& where);

/// Height and width of images of a shape that `extents_of` took, samples x height x width.
[[nodiscard]] ImageShape image_of(std::span<const std::uint64_t> shape);

} // namespace phyll::training
