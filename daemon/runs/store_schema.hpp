#pragma once

#include <string>

namespace SQLite {
class Database;
}

namespace phyll::runs {

/// Makes the tables of a new database, or brings those of an older phylld up to date, whole or not
/// at all. Throws FAILED_PRECONDITION when a newer phylld wrote it, DATA_LOSS when what it holds
/// cannot be read. `file` is for messages.
void bring_up_to_date(SQLite::Database& database, const std::string& file);

} // namespace phyll::runs
