#pragma once

#include "daemon/training/data/data_set.hpp"

#include <span>
#include <string>
#include <string_view>

namespace phyll::training {

/// Reads a table of comma-separated values (RFC 4180) with a header row: one column holds the
/// class, `ignored` columns are left out, every other one is a feature. A byte order mark, Windows
/// line ends, blank lines and spaces around values are accepted; numbers are written with a point,
/// whatever the locale. Classes are sorted by name; `label_entries` is the number of classes.
///
/// Throws INVALID_ARGUMENT, or NOT_FOUND for a column that is not there; the message names `file`,
/// line and column, and says what would be right.
[[nodiscard]] DataSet parse_csv(std::string_view text, const std::string& file,
                                std::string_view label_column,
                                std::span<const std::string> ignored);

} // namespace phyll::training
