#include "daemon/doctor/checks.hpp"
#include "daemon/doctor/stored_lab.hpp"
#include "daemon/runs/store_schema.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <string_view>

namespace phyll::doctor {
namespace {

void judge_schema(const StoredLab& stored, const std::string& file, Findings& findings) {
    const std::int64_t found = stored.schema_version();
    const std::int64_t known = runs::schema_version();
    if (found < 0 || found > known) {
        findings.fault(file,
                       fmt::format("a newer phylld wrote it: its schema has version {}, this one "
                                   "knows up to {}",
                                   found, known),
                       "use the newer phylld again, or give this one another --state-dir");
    } else if (found < known) {
        findings.note(file, fmt::format("an older phylld wrote it: its schema has version {}; "
                                        "the next start makes version {} of it",
                                        found, known));
    }
}

void damaged(const std::string& file, std::string_view how, Findings& findings) {
    findings.fault(file, fmt::format("it is damaged: {}", how),
                   "stop phylld and put a copy in its place, or move it away: phylld then begins "
                   "with an empty one, and what runs left in their folders stays");
}

} // namespace

void check_database(const Premises& premises, Findings& findings) {
    const std::string file = (premises.subject.state_dir / "phylld.db").string();
    try {
        std::optional<StoredLab> stored = StoredLab::open(premises);
        if (!stored) {
            return;
        }
        judge_schema(*stored, file, findings);
        const std::string found =
            stored->database().execAndGet("PRAGMA quick_check(1)").getString();
        if (found != "ok") {
            damaged(file, found, findings);
        } else if (findings.all_fine()) {
            findings.fine(file, "it is whole");
        }
    } catch (const SQLite::Exception& error) {
        switch (error.getErrorCode() & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            damaged(file, error.what(), findings);
            break;
        case SQLITE_INTERRUPT:
            findings.note(file, "it is too large to be looked through in time, and what was seen "
                                "of it is whole");
            break;
        default:
            throw;
        }
    }
}

} // namespace phyll::doctor
