#pragma once

#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace phyll::cli {

/// Numbers from a file, one sample per line.
struct CsvNumbers {
    std::string file;                ///< for messages
    std::vector<std::string> header; ///< empty: the file has none
    std::size_t columns = 0;
    std::vector<double> values; ///< each sample's values consecutive

    [[nodiscard]] std::size_t samples() const { return values.size() / columns; }
    [[nodiscard]] std::span<const double> sample(std::size_t index) const {
        return std::span(values).subspan(index * columns, columns);
    }
};

/// Reads numbers, one sample per line; a first line that holds no number is a header. There is at
/// least one sample, and all lines have as many columns. "-" is standard input. Throws
/// INVALID_ARGUMENT naming file, row and column of what is wrong, NOT_FOUND when the file cannot be
/// read.
[[nodiscard]] CsvNumbers read_csv(const std::string& path);

/// The same of a text; `file` is for messages.
[[nodiscard]] CsvNumbers parse_csv(const std::string& text, const std::string& file);

/// All of a CSV file, or of standard input ("-"). Throws NOT_FOUND, INVALID_ARGUMENT for a folder.
[[nodiscard]] std::string read_text(const std::string& path);

/// Writes one sample per line under a header, each number with the fewest digits that give back the
/// same float32. "-" is standard output.
void write_csv(const std::string& path, const std::vector<std::string>& header, ConstBlock block);

/// A text as a field of a CSV file, in quotes where it needs them.
[[nodiscard]] std::string csv_field(const std::string& text);

} // namespace phyll::cli
