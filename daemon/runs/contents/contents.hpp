#pragma once

#include "daemon/runs/contents/folder_index.hpp"
#include "daemon/runs/contents/named_files.hpp"
#include "daemon/runs/contents/uploads.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace phyll::runs {

/// A content that somebody has.
struct Content {
    std::string sha256; ///< in hexadecimal digits
    std::optional<std::uint64_t> size;
};

/// The contents of data files that phylld has: those that were uploaded, and those of the files in
/// its data directory. Thread rule: any thread.
class Contents {
  public:
    /// `uploads` is the folder of the uploads; without a data directory it is empty.
    Contents(std::filesystem::path uploads, std::filesystem::path data_dir, Store& store,
             const Clock& clock);

    [[nodiscard]] Uploads& uploads() noexcept { return uploads_; }
    [[nodiscard]] const Uploads& uploads() const noexcept { return uploads_; }

    /// How much of each of these is there. Files of the data directory are read for it, see
    /// FolderIndex. Throws CANCELLED.
    [[nodiscard]] std::vector<Received> find(const std::vector<Content>& wanted,
                                             const std::stop_token& stop);

    /// Opens the data files of a run: `files` by their content, others by their path. It throws
    /// NOT_FOUND for a content that is gone. This must outlive it.
    [[nodiscard]] FileReader reader(const NamedFiles& files);

  private:
    [[nodiscard]] std::optional<DataFile> open(const std::string& sha256);

    const std::filesystem::path data_dir_;
    Uploads uploads_;
    FolderIndex folder_;
};

} // namespace phyll::runs
