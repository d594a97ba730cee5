#pragma once

#include "drivers/core/error.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace phyll::runs {

/// The folder in which the daemon keeps everything, held by this process alone.
class StateDir {
  public:
    /// Creates the folder where it is missing and locks it. Throws UNAVAILABLE naming the process
    /// that holds it, PERMISSION_DENIED when it cannot be written.
    explicit StateDir(std::filesystem::path path);
    StateDir(const StateDir&) = delete;
    StateDir& operator=(const StateDir&) = delete;
    ~StateDir();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path database() const { return path_ / "phylld.db"; }
    [[nodiscard]] std::filesystem::path socket() const { return path_ / "phylld.sock"; }
    /// Where the folder of a run is, if it has one.
    [[nodiscard]] std::filesystem::path folder_of(std::uint64_t run) const {
        return path_ / "runs" / std::to_string(run);
    }
    /// The folder of a run, made where it is missing. Throws as the constructor does, and
    /// RESOURCE_EXHAUSTED on a full disk.
    [[nodiscard]] std::filesystem::path run(std::uint64_t id) const;
    /// Removes the folder of a run with all that is in it, if there is one. Throws UNAVAILABLE.
    void remove_run(std::uint64_t id) const;

  private:
    std::filesystem::path path_;
    int lock_ = -1;
};

/// `what` failed with the system's error `number`: RESOURCE_EXHAUSTED on a full disk,
/// PERMISSION_DENIED where nothing may be written, UNAVAILABLE otherwise. Says what to do.
[[nodiscard]] Error file_error(int number, const std::string& what);

/// Throws NOT_FOUND when the file is not there or may not be read, DATA_LOSS when the disk fails.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

/// Writes a file so that after a crash it is either there as a whole or not at all: written aside,
/// synced, renamed. Throws RESOURCE_EXHAUSTED on a full disk, UNAVAILABLE otherwise.
void write_file(const std::filesystem::path& path, std::string_view content);

/// The second half of that: syncs a file that was written aside and renames it. Same errors.
void put_in_place(const std::filesystem::path& aside, const std::filesystem::path& path);

} // namespace phyll::runs
