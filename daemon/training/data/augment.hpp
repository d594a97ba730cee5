#pragma once

#include "daemon/training/data/data_set.hpp"
#include "phyll/v1/run_spec.pb.h"

#include <cstddef>

namespace phyll::training {

/// How many training samples `data.augment` makes of each: 1 where it asks for nothing. A function
/// of the spec alone.
[[nodiscard]] std::size_t shown_as(const phyll::v1::DataSpec& spec);

/// Adds what `data.augment` asks for to the samples to learn from: each is followed by its copies,
/// moved up, down, to the left and to the right, with its label. The originals keep their order, so
/// that the first few still represent all of them. The test split stays as it is. Copies are
/// computed when they are read; beside labels and indices they take no memory.
///
/// Throws INVALID_ARGUMENT that names the field when the samples are no images, when they are no
/// larger than the shift, or when there would be more samples than can be counted.
void augment(SplitData& loaded, const phyll::v1::DataSpec& spec);

} // namespace phyll::training
