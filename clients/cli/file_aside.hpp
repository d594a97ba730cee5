#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string_view>

namespace phyll::cli {

/// A file that is written aside and has its name once it is whole and on the disk: whatever ends
/// the process or the machine, there is the old file or the new one. Throws PERMISSION_DENIED when
/// it cannot be written, RESOURCE_EXHAUSTED on a full disk.
class FileAside {
  public:
    explicit FileAside(std::filesystem::path path);
    FileAside(const FileAside&) = delete;
    FileAside& operator=(const FileAside&) = delete;
    /// Leaves nothing where it was not finished.
    ~FileAside();

    void write(std::span<const std::byte> bytes);
    void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
    /// Keeps the mode of the file whose place it takes.
    void finish();

  private:
    void check() const;
    /// Throws what errno says.
    void require(bool done) const;

    std::filesystem::path path_;
    std::filesystem::path aside_;
    std::ofstream out_;
    bool done_ = false;
};

} // namespace phyll::cli
