#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace phyll::doctor {

/// How full a file system is.
struct DiskUse {
    std::uint64_t free = 0;       ///< bytes that this user may still write
    std::uint64_t files_free = 0; ///< files that may still be made
    bool counts_files = false;    ///< there is a limit to their number
    bool read_only = false;
};

/// Whether the machine's clock follows a time server, as the kernel has it.
enum class ClockState { synchronised, not_synchronised, unknown };

/// The machine that is examined, as this process sees it. Only looks: nothing is made, changed or
/// locked.
///
/// Paths are those of the machine ("/proc/locks"); `root` stands before them, so that a test can
/// plant what is to be found. Thread rule: any thread.
class Host {
  public:
    explicit Host(std::filesystem::path root = "/") : root_(std::move(root)) {}
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    virtual ~Host() = default;

    /// Where this process finds it.
    [[nodiscard]] std::filesystem::path at(const std::filesystem::path& path) const;
    [[nodiscard]] bool exists(const std::filesystem::path& path) const;
    /// What a small file holds, at most 64 KiB of it; nothing where it cannot be read.
    [[nodiscard]] std::optional<std::string> read(const std::filesystem::path& path) const;
    /// The same of a file of one line, without what is blank at its ends; empty: it is not there.
    [[nodiscard]] std::string line_of(const std::filesystem::path& path) const;
    /// The entries of a folder, in the order of their names; none where it cannot be read.
    [[nodiscard]] std::vector<std::filesystem::path>
    entries(const std::filesystem::path& folder) const;
    /// The machine's path behind symbolic links.
    [[nodiscard]] std::filesystem::path resolved(const std::filesystem::path& path) const;

    /// Whether this process may read and write it.
    [[nodiscard]] virtual bool may_use(const std::filesystem::path& path) const;
    /// Nothing where the system does not say.
    [[nodiscard]] virtual std::optional<DiskUse> disk(const std::filesystem::path& path) const;
    [[nodiscard]] virtual ClockState clock_state() const;

  private:
    std::filesystem::path root_;
};

/// "it belongs to root and the group dialout, mode 0660": why it may not be used.
[[nodiscard]] std::string ownership_of(const Host& host, const std::filesystem::path& path);
/// The group of a file, by its name or its number.
[[nodiscard]] std::string group_of(const Host& host, const std::filesystem::path& path);
/// "phylld", or "uid 998" where that has no name: the user that this process is.
[[nodiscard]] std::string own_user();

} // namespace phyll::doctor
