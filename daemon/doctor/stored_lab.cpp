#include "daemon/doctor/stored_lab.hpp"

#include "daemon/doctor/lock_state.hpp"
#include "daemon/doctor/processes.hpp"
#include "daemon/runs/store_schema.hpp"
#include "drivers/core/text.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cctype>
#include <system_error>

namespace phyll::doctor {
namespace {

/// Instructions of SQLite's machine between two looks at the clock: some ms.
constexpr int look_every = 100'000;

/// A database that nobody changes: without locks, and without files beside it.
std::string unchanging(const std::filesystem::path& file) {
    std::string uri = "file:";
    for (const char c : file.string()) {
        const auto byte = static_cast<unsigned char>(c);
        uri += std::isalnum(byte) != 0 || c == '/' || c == '.' || c == '-' || c == '_'
                   ? std::string(1, c)
                   : fmt::format("%{:02X}", byte);
    }
    return uri + "?immutable=1";
}

/// Whether a process that died left something that is not in the database itself yet.
bool has_leftovers(const std::filesystem::path& file) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(file.string() + "-wal", missing);
    return !missing && size > 0;
}

std::filesystem::path copied(const std::filesystem::path& file, const TemporaryFolder& folder) {
    const std::filesystem::path copy = folder.path() / "phylld.db";
    for (const char* ending : {"", "-wal"}) {
        std::filesystem::copy_file(file.string() + ending, copy.string() + ending);
    }
    return copy;
}

} // namespace

std::string holder_of_state(const Premises& premises) {
    const std::filesystem::path file = premises.subject.state_dir / "lock";
    const LockState lock = lock_state(premises.host, file);
    if (const auto process = process_of(premises.host, lock.written);
        process && lock.alive && (lock.held || process->name == "phylld")) {
        return process->in_words();
    }
    return lock.held ? "a process that cannot be seen from here" : "";
}

std::optional<StoredLab> StoredLab::open(const Premises& premises) {
    const std::filesystem::path file = premises.subject.state_dir / "phylld.db";
    if (!premises.host.exists(file) ||
        (!premises.subject.serving && !holder_of_state(premises).empty())) {
        return std::nullopt;
    }
    return StoredLab(premises, premises.host.at(file));
}

StoredLab::StoredLab(const Premises& premises, const std::filesystem::path& file) {
    if (premises.subject.serving) {
        database_ = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READONLY, 2000);
    } else if (has_leftovers(file)) {
        copy_ = std::make_unique<TemporaryFolder>("phylld-examined");
        database_ = std::make_unique<SQLite::Database>(copied(file, *copy_).string(),
                                                       SQLite::OPEN_READWRITE);
    } else {
        database_ = std::make_unique<SQLite::Database>(unchanging(file),
                                                       SQLite::OPEN_READONLY | SQLite::OPEN_URI);
    }
    ::sqlite3_progress_handler(
        database_->getHandle(), look_every,
        [](void* looks) { return static_cast<const Premises*>(looks)->is_late() ? 1 : 0; },
        const_cast<Premises*>(&premises)); // SQLite hands it back and does not touch it
}

StoredLab::StoredLab(StoredLab&&) noexcept = default;

StoredLab::~StoredLab() = default;

std::int64_t StoredLab::schema_version() const {
    return database_->execAndGet("PRAGMA user_version").getInt64();
}

bool StoredLab::is_readable() const {
    return schema_version() == runs::schema_version();
}

void add_stored_blocks(const Premises& premises, std::vector<ExaminedRig>& rigs) try {
    std::optional<StoredLab> stored = StoredLab::open(premises);
    if (!stored || !stored->is_readable()) {
        return;
    }
    SQLite::Statement select(
        stored->database(), "SELECT rig, kind, note, by, since FROM rig_blocks ORDER BY rig, kind");
    while (select.executeStep()) {
        const auto found =
            std::ranges::find(rigs, select.getColumn(0).getString(),
                              [](const ExaminedRig& rig) { return rig.info.name(); });
        if (found == rigs.end()) {
            continue;
        }
        v1::RigBlock& block = *found->info.add_blocks();
        // As the store has them: see store_schema.cpp.
        block.set_kind(static_cast<v1::RigBlock::Kind>(select.getColumn(1).getInt() + 1));
        block.set_note(utf8(select.getColumn(2).getString()));
        block.set_by(utf8(select.getColumn(3).getString()));
        block.set_since(select.getColumn(4).getDouble());
    }
} catch (const SQLite::Exception&) {
    return;
}

} // namespace phyll::doctor
