#pragma once

#include "drivers/core/readers/data_file.hpp"

#include <string>

namespace phyll::runs {

/// Reads files for runs and rigs: relative paths are looked up in `data_dir`. Errors are about
/// `field`, or about the file alone when it is empty.
///
/// A file is read where it lies, part by part, and is not copied. It stays open as long as somebody
/// holds it, so that a run goes on with the old content when a new file is put in its place; when
/// the file itself is changed, reading throws DATA_LOSS. Only regular files are taken.
[[nodiscard]] FileReader read_below(std::string data_dir, std::string field = "data.file");

} // namespace phyll::runs
