#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phyll {

/// A row of comma-separated values, as texts without the spaces and quotes around them.
struct CsvRow {
    std::size_t line = 0; ///< where it begins, counted from 1
    std::vector<std::string> cells;
};

/// The rows of a text of comma-separated values (RFC 4180), of whatever lengths. A byte order mark,
/// Windows line ends, blank lines and spaces around values are accepted. Throws INVALID_ARGUMENT,
/// naming `file` and line, for quotes that are not closed or stand inside a value.
[[nodiscard]] std::vector<CsvRow> read_csv_rows(std::string_view text, const std::string& file);

/// The number that a cell says, written with a point whatever the locale and within float32's
/// range; nothing when it says none.
[[nodiscard]] std::optional<double> number_in(const std::string& cell);

} // namespace phyll
