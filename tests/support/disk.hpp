#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace phyll::test {

/// Words to put before a command line, so that the command sees `folder` as what it is told here
/// and nobody else does: the command runs in a mount namespace of its own, which ends with it.
///
/// Root makes one directly; everybody else inside a user namespace, where the kernel allows those.
/// The command replaces the words' process, so its process id and signals are its own.
using Wrapper = std::vector<std::string>;

/// A file system of its own of `bytes`, empty.
[[nodiscard]] Wrapper on_small_disk(const std::filesystem::path& folder, std::size_t bytes);
/// What is in `folder`, not to be written by anyone, root included.
[[nodiscard]] Wrapper on_read_only_disk(const std::filesystem::path& folder);

/// Why this machine lets the test mount nothing; empty: it does.
[[nodiscard]] std::string why_no_mounts();

/// Where the files that process `pid` sees at `path` can be reached from here.
[[nodiscard]] std::filesystem::path seen_by(int pid, const std::filesystem::path& path);

/// Writes `file` until the disk is full, or throws.
void fill_disk(const std::filesystem::path& file);

} // namespace phyll::test
