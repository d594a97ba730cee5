#pragma once

#include "drivers/core/bytes.hpp"

#include <ctime>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace phyll::training {

/// A file of a zip archive.
struct ZipEntry {
    std::string name;
    std::shared_ptr<const ByteSource> content;
};

/// Writes an archive of these files, in this order, as they are (stored, not packed), into an empty
/// store. The same files and time make the same bytes. Throws what reading and writing throw;
/// CANCELLED when asked to stop; INTERNAL with libzip's words.
void write_zip(ByteStore& into, const std::vector<ZipEntry>& entries, std::time_t time,
               const std::stop_token& stop);

} // namespace phyll::training
