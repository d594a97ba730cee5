#pragma once

#include "daemon/training/data/labelled.hpp"
#include "drivers/core/readers/byte_stream.hpp"
#include "drivers/core/readers/data_file.hpp"

#include <cstdint>
#include <optional>

namespace phyll::training {

// Arrays as numpy.save and numpy.savez write them. Each function reads `stream` to its end and
// fails with byte and reason.

/// An array of samples, of two dimensions or more, C order: bytes (u1) stay bytes and are `scale`
/// times the byte, 1/255 if not given; of a plain file they stay where they are, and so does
/// float32 (f4) without a scale. Everything else is turned into float32, times `scale`. Values that
/// are not finite as float32 are refused. Of three dimensions, samples x height x width, the
/// samples say the last two.
[[nodiscard]] Samples read_npy_samples(ByteStream& stream, std::optional<double> scale);

/// An array of classes, of shape (n) or (n, 1): integers, or texts (U, S), which come as UTF-8.
[[nodiscard]] RawLabels read_npy_labels(ByteStream& stream);

/// Data of kind "numpy".
[[nodiscard]] SplitData load_numpy(const phyll::v1::DataSpec& spec, std::uint64_t seed,
                                   const FileReader& read);

} // namespace phyll::training
