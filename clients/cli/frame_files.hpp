#pragma once

#include <phyll/v1/rigs.pb.h>

#include <cstddef>
#include <filesystem>
#include <vector>

namespace phyll::cli {

/// A frame as a grey PNG file: of 8 bits where counts have no more, else of 16, full scale white.
/// Throws DATA_LOSS when it has other counts than its size says.
[[nodiscard]] std::vector<std::byte> png_of(const v1::FrameSnapshot& frame);

/// A frame's counts as they are, for numpy.load: uint8 where they have no more bits, else uint16;
/// rows, then columns. Throws as `png_of` does.
[[nodiscard]] std::vector<std::byte> npy_of(const v1::FrameSnapshot& frame);

/// The levels of a PNG file of at most 8 bits of grey. Throws INVALID_ARGUMENT naming what is wrong
/// with it, NOT_FOUND when it is not there.
[[nodiscard]] v1::Picture read_picture(const std::filesystem::path& file);

} // namespace phyll::cli
