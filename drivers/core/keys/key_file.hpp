#pragma once

#include "drivers/core/keys/key.hpp"

#include <filesystem>

namespace phyll {

// A secret key in a file of its own: one line of 64 hexadecimal digits, and lines of comment that
// begin with '#'. It is its owner's alone: mode 0600.

/// Makes the file, and the folders to it (mode 0700) where they are missing. Throws ALREADY_EXISTS
/// where there is one: a key that is overwritten is lost for good.
void write_key_file(const std::filesystem::path& file, const SecretKey& key);

/// Throws NOT_FOUND when there is none, FAILED_PRECONDITION when it belongs to somebody else or
/// others may read it, INVALID_ARGUMENT when it holds no key.
[[nodiscard]] SecretKey read_key_file(const std::filesystem::path& file);

} // namespace phyll
