#pragma once

#include "daemon/runs/store.hpp"
#include "drivers/core/readers/data_file.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

namespace phyll::runs {

/// Finds files of the data directory by what is in them (SHA-256 in hexadecimal digits). What was
/// found out is kept in the store, so that a file is read for it once, and again when it changed.
/// Thread rule: any thread.
class FolderIndex {
  public:
    /// Without a folder there are no files.
    FolderIndex(std::filesystem::path folder, Store& store);

    /// Reads those files that have one of these sizes, in bytes, and are not known as they are now.
    /// May take as long as reading them does. What cannot be read is left out. Throws CANCELLED
    /// when asked to stop.
    void look_at(const std::set<std::uint64_t>& sizes, const std::stop_token& stop);

    /// A file with that content, as far as files are known. One that was changed is looked at
    /// again.
    [[nodiscard]] std::optional<DataFile> open(const std::string& sha256);

  private:
    /// Whether the file has the content that is noted of it, and nothing else has come since.
    [[nodiscard]] bool is_known(const std::string& path, const FileStamp& now) const;
    /// Throws CANCELLED, else nothing that reading the file may throw.
    void note(const std::string& path, const std::stop_token& stop = {});

    const std::filesystem::path folder_;
    Store& store_;
};

} // namespace phyll::runs
