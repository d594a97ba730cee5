#pragma once

#include <phyll/v1/rigs.pb.h>

#include <cstddef>
#include <string>
#include <vector>

namespace phyll::cli {

/// A sweep as a PNG file: all four parameters in dB over frequency. Throws INVALID_ARGUMENT when
/// there are fewer than two points.
[[nodiscard]] std::vector<std::byte> picture_of(const v1::SweepSnapshot& sweep,
                                                const std::string& title);

} // namespace phyll::cli
