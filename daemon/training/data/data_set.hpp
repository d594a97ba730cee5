#pragma once

#include "daemon/training/data/samples.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace phyll::training {

/// Labelled samples, as they came: nothing is scaled.
struct DataSet {
    std::string name;
    std::vector<std::string> feature_names;
    std::vector<std::string> class_names;
    Samples inputs;
    std::vector<std::uint32_t> labels; ///< one per sample; an index into `class_names`
    /// Leading entries of the first layer's input that hold the label; at least one per class.
    std::size_t label_entries = 0;

    [[nodiscard]] std::size_t features() const noexcept { return inputs.features(); }
    [[nodiscard]] std::size_t samples() const noexcept { return inputs.samples(); }
    [[nodiscard]] std::size_t classes() const noexcept { return class_names.size(); }
};

/// Which samples are learned from and which are kept for the test: indices into a `DataSet`.
struct Split {
    std::vector<std::uint32_t> training;
    std::vector<std::uint32_t> test;
    /// Neither: by these choices are made.
    std::vector<std::uint32_t> validation{};
    /// So many samples to learn from in a row show one original: first itself, then its transformed
    /// copies. Places are counted over all of them; the original of place p is number p / shown_as
    /// of the originals. What holds samples out of the training split holds out whole originals.
    std::size_t shown_as = 1;
};

/// The labels of `samples` of a data set, in that order.
[[nodiscard]] std::vector<std::uint32_t> labels_of(const DataSet& data,
                                                   std::span<const std::uint32_t> samples);

/// Data ready to be trained on.
struct SplitData {
    DataSet data;
    Split split;
};

/// The first samples for training, those after them for the test, both in order.
[[nodiscard]] Split split_in_order(std::size_t training_samples, std::size_t test_samples);

/// A random split in which every class is represented as in the whole, to the nearest sample: the
/// test split has round(test_fraction * samples) samples, and of every class at least one and not
/// all. The training samples come in random order, so that the first few represent all of them;
/// the test samples in ascending order. A function of its arguments alone.
///
/// Throws INVALID_ARGUMENT when a class has fewer than two samples, or when `test_fraction` is not
/// between 0 and 1.
[[nodiscard]] Split stratified_split(std::span<const std::uint32_t> labels, std::size_t classes,
                                     double test_fraction, std::uint64_t seed);

} // namespace phyll::training
