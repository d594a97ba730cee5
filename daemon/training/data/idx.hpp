#pragma once

#include "daemon/training/data/labelled.hpp"
#include "drivers/core/readers/data_file.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace phyll::training {

// The format of MNIST (LeCun, Cortes, Burges): a big-endian magic number 0 0 8 n, n extents of 32
// bits, then unsigned bytes, the last extent running fastest. Plain files stay where they are;
// gzip's are unpacked into memory, once.
//
// Every function throws INVALID_ARGUMENT that names `file`, byte and reason.

/// Images: n is 2 to 4, the first extent counts them. Values are `scale` times the byte. With n 3
/// the samples say their height and width.
[[nodiscard]] Samples read_idx_images(const DataFile& content, const std::string& file,
                                      double scale);
/// Labels: n is 1.
[[nodiscard]] std::vector<std::int64_t> read_idx_labels(const DataFile& content,
                                                        const std::string& file);

/// Data of kind "idx".
[[nodiscard]] SplitData load_idx(const phyll::v1::DataSpec& spec, std::uint64_t seed,
                                 const FileReader& read);

} // namespace phyll::training
