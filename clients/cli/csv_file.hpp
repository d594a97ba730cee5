#pragma once

#include "drivers/core/sample_block.hpp"

#include <string>
#include <vector>

namespace phyll::cli {

/// Reads numbers, one sample per line; a first line that holds no number is a header and is passed
/// over. "-" is standard input. Throws INVALID_ARGUMENT naming file, line and column of what is
/// wrong, NOT_FOUND when the file cannot be read.
[[nodiscard]] OwnedBlock read_csv(const std::string& path);

/// Writes one sample per line under a header, each number with the fewest digits that give back the
/// same float32. "-" is standard output.
void write_csv(const std::string& path, const std::vector<std::string>& header, ConstBlock block);

} // namespace phyll::cli
