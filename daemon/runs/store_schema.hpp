#pragma once

#include <cstdint>
#include <string>

namespace SQLite {
class Database;
}

namespace phyll::runs {

/// Of the tables that this phylld makes; a database states its own as PRAGMA user_version.
[[nodiscard]] std::int64_t schema_version() noexcept;

/// Makes the tables of a new database, or brings those of an older phylld up to date, whole or not
/// at all. Throws FAILED_PRECONDITION when a newer phylld wrote it, DATA_LOSS when what it holds
/// cannot be read. `file` is for messages.
void bring_up_to_date(SQLite::Database& database, const std::string& file);

} // namespace phyll::runs
