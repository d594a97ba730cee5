#pragma once

#include "daemon/doctor/checks.hpp"
#include "drivers/core/temporary_folder.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace SQLite {
class Database;
} // namespace SQLite

namespace phyll::doctor {

/// Who serves the lab of the state directory, if it is another process: "phylld (process 812)";
/// empty: nobody that is seen.
[[nodiscard]] std::string holder_of_state(const Premises& premises);

/// The database of a lab, to be read only: beside a phylld that serves it, this process, through a
/// connection of its own; else without a lock, and without the files that SQLite makes beside a
/// database that it opens. What a process that died left half done is looked at in a copy.
///
/// Ends what takes longer than the premises allow. Thread rule: one thread.
class StoredLab {
  public:
    /// Nothing where there is no database yet, or another process serves it.
    [[nodiscard]] static std::optional<StoredLab> open(const Premises& premises);

    StoredLab(StoredLab&&) noexcept;
    ~StoredLab();

    [[nodiscard]] SQLite::Database& database() noexcept { return *database_; }
    /// The schema is one that this phylld reads: what tables there are is known.
    [[nodiscard]] bool is_readable() const;
    [[nodiscard]] std::int64_t schema_version() const;

  private:
    StoredLab(const Premises& premises, const std::filesystem::path& file);

    std::unique_ptr<TemporaryFolder> copy_; ///< goes after the database
    std::unique_ptr<SQLite::Database> database_;
};

/// Notes why rigs may not be driven, as it is stored; nothing where the database cannot be read,
/// which another check says.
void add_stored_blocks(const Premises& premises, std::vector<ExaminedRig>& rigs);

} // namespace phyll::doctor
