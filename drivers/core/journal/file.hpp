#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

namespace phyll::journal {

/// The few things that a journal does to a disk, so that a test can make any of them fail.
/// All throw std::system_error with the system's error number. Thread rule: one caller at a time.
class File {
  public:
    File() = default;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    virtual ~File() = default;

    /// Writes at `offset` and says how many bytes of `from` that were: at least 1, perhaps fewer
    /// than all.
    [[nodiscard]] virtual std::size_t write(std::uint64_t offset,
                                            std::span<const std::byte> from) = 0;
    virtual void truncate(std::uint64_t bytes) = 0;
    /// Returns when what was written survives the loss of power.
    virtual void sync() = 0;
};

enum class Opening { existing, anew };

using OpenFile = std::function<std::unique_ptr<File>(const std::filesystem::path&, Opening)>;

/// A file of the disk, locked against other writers as long as it is open; `anew` empties it.
/// Throws FAILED_PRECONDITION when somebody else writes it, std::system_error when it cannot be
/// opened.
[[nodiscard]] std::unique_ptr<File> open_file(const std::filesystem::path& path, Opening opening);

/// Whether somebody has it open through open_file. Throws std::system_error when it cannot be told.
[[nodiscard]] bool is_being_written(const std::filesystem::path& path);

/// Gives a file its name in place of whatever had it, durably. Throws std::system_error.
void publish(const std::filesystem::path& from, const std::filesystem::path& to);

/// Writes all of it, however many calls that takes.
void write_all(File& file, std::uint64_t offset, std::span<const std::byte> from);

} // namespace phyll::journal
