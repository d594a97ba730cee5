#pragma once

#include "drivers/core/readers/data_file.hpp"

#include <string>
#include <vector>

namespace phyll::sim {

/// A file of numbers, as it is written.
struct NumberTable {
    std::vector<std::string> names; ///< of the columns; empty when the file does not say
    std::vector<double> values;     ///< row after row
    std::size_t columns = 0;
    std::size_t rows = 0;
    std::string sha256; ///< of the file, in hexadecimal digits

    [[nodiscard]] double at(std::size_t row, std::size_t column) const {
        return values[row * columns + column];
    }
};

/// Whether the first row is no measurement. It names the columns unless all its cells are numbers.
enum class Header { automatic, yes, no };

/// Reads comma-separated values, as they are or packed by gzip, up to 4 GiB of text. Throws
/// INVALID_ARGUMENT or RESOURCE_EXHAUSTED naming `name`, line and column.
[[nodiscard]] NumberTable read_number_table(const DataFile& file, const std::string& name,
                                            Header header);

} // namespace phyll::sim
