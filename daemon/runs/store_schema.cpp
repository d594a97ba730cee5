#include "daemon/runs/store_schema.hpp"

#include "daemon/runs/store_impl.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <array>
#include <cstddef>

namespace phyll::runs {
namespace {

constexpr const char* version_1 = R"sql(
CREATE TABLE runs (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    state           INTEGER NOT NULL,
    info            BLOB NOT NULL,   -- phyll.v1.RunInfo
    spec            BLOB NOT NULL,   -- phyll.v1.RunSpec
    idempotency_key TEXT UNIQUE
);
CREATE INDEX runs_by_state ON runs (state);
CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run    INTEGER NOT NULL REFERENCES runs (id),
    event  BLOB NOT NULL             -- phyll.v1.Event
);
CREATE INDEX events_by_run ON events (run, number);
CREATE TABLE metrics (
    run                INTEGER NOT NULL REFERENCES runs (id),
    event              INTEGER NOT NULL REFERENCES events (number),
    step               INTEGER NOT NULL,
    layer              INTEGER NOT NULL,
    epoch              INTEGER NOT NULL,
    loss               REAL NOT NULL,
    pair_accuracy      REAL NOT NULL,
    train_accuracy     REAL,
    training_queries   INTEGER NOT NULL,
    evaluation_queries INTEGER NOT NULL,
    hardware_seconds   REAL NOT NULL
);
CREATE INDEX metrics_by_run ON metrics (run, step);
CREATE TABLE rigs (
    name TEXT PRIMARY KEY,
    age  INTEGER NOT NULL            -- samples measured in the rig's life
);
)sql";

/// Lists by rig and time, removal of runs.
constexpr const char* version_2 = R"sql(
ALTER TABLE runs ADD COLUMN submitted REAL NOT NULL DEFAULT 0;  -- seconds since 1970, UTC
ALTER TABLE runs ADD COLUMN finished REAL NOT NULL DEFAULT 0;   -- 0: not yet
CREATE INDEX runs_by_submitted ON runs (submitted);
CREATE TABLE run_rigs (
    rig TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES runs (id),
    PRIMARY KEY (rig, run)
) WITHOUT ROWID;
CREATE INDEX run_rigs_by_run ON run_rigs (run);
DROP INDEX metrics_by_run;
CREATE INDEX metrics_by_run ON metrics (run, event);
CREATE INDEX metrics_by_event ON metrics (event);
CREATE TABLE removed_runs (
    id INTEGER PRIMARY KEY           -- a run that is gone; its folder may still be there
);
)sql";

/// What rigs were found to be as computers.
constexpr const char* version_3 = R"sql(
CREATE TABLE characterisations (
    rig    TEXT PRIMARY KEY,
    report BLOB NOT NULL             -- phyll.v1.Characterisation, the last one
);
)sql";

/// Groups of runs.
constexpr const char* version_4 = R"sql(
CREATE TABLE run_groups (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    submitted       REAL NOT NULL,   -- seconds since 1970, UTC
    info            BLOB NOT NULL,   -- phyll.v1.GroupInfo, but for what its members say
    idempotency_key TEXT UNIQUE
);
CREATE INDEX run_groups_by_submitted ON run_groups (submitted);
ALTER TABLE runs ADD COLUMN group_id INTEGER REFERENCES run_groups (id);
CREATE INDEX runs_by_group ON runs (group_id);
)sql";

/// Where runs can go on from.
constexpr const char* checkpoints_table = R"sql(
CREATE TABLE checkpoints (
    run    INTEGER NOT NULL REFERENCES runs (id),
    step   INTEGER NOT NULL,         -- steps that were taken
    file   TEXT NOT NULL,            -- its name in the run's folder
    sha256 TEXT NOT NULL,            -- of its bytes, in hexadecimal
    PRIMARY KEY (run, step)
);
)sql";

/// Spans in which rigs are held to be the same device.
constexpr const char* rig_eras_table = R"sql(
CREATE TABLE rig_eras (
    rig           TEXT NOT NULL,
    era           INTEGER NOT NULL,  -- counted from 1; the last one is the present
    since         REAL NOT NULL,     -- seconds since 1970, UTC; 0: always
    reason        TEXT NOT NULL,     -- why it began; empty for the first
    configuration TEXT NOT NULL,     -- SHA-256 of the rig's; empty: not known
    PRIMARY KEY (rig, era)
) WITHOUT ROWID;
)sql";

/// Why rigs may not be driven.
constexpr const char* rig_blocks_table = R"sql(
CREATE TABLE rig_blocks (
    rig   TEXT NOT NULL,
    kind  INTEGER NOT NULL,          -- 0: stopped, 1: not safe, 2: disabled
    note  TEXT NOT NULL,
    by    TEXT NOT NULL,             -- who did it
    since REAL NOT NULL,             -- seconds since 1970, UTC
    PRIMARY KEY (rig, kind)
) WITHOUT ROWID;
)sql";

/// Contents of data files, by their SHA-256 in hexadecimal.
constexpr const char* contents_tables = R"sql(
CREATE TABLE uploads (
    sha256      TEXT PRIMARY KEY,
    size        INTEGER NOT NULL,    -- bytes, when it is complete
    name        TEXT NOT NULL,
    uploaded_by TEXT NOT NULL,
    time        REAL NOT NULL        -- seconds since 1970, UTC
) WITHOUT ROWID;
CREATE TABLE folder_files (
    path     TEXT PRIMARY KEY,       -- below the data directory
    sha256   TEXT NOT NULL,
    size     INTEGER NOT NULL,       -- these four: as the file was when it had that content
    inode    INTEGER NOT NULL,
    modified INTEGER NOT NULL,       -- ns since 1970, UTC
    changed  INTEGER NOT NULL        -- ns since 1970, UTC
) WITHOUT ROWID;
CREATE INDEX folder_files_by_sha256 ON folder_files (sha256);
CREATE TABLE run_files (
    sha256 TEXT NOT NULL,
    run    INTEGER NOT NULL REFERENCES runs (id),
    PRIMARY KEY (sha256, run)
) WITHOUT ROWID;
CREATE INDEX run_files_by_run ON run_files (run);
)sql";

/// Who may connect, and who did what.
constexpr const char* keys_tables = R"sql(
CREATE TABLE keys (
    public_key TEXT PRIMARY KEY,     -- 64 hexadecimal digits
    name       TEXT NOT NULL,        -- of its owner
    role       INTEGER NOT NULL,     -- phyll.v1.Role
    added      REAL NOT NULL,        -- seconds since 1970, UTC
    added_by   TEXT NOT NULL,
    revoked    REAL NOT NULL,        -- the same; 0: it was not
    revoked_by TEXT NOT NULL
);
CREATE UNIQUE INDEX keys_by_name ON keys (name) WHERE revoked = 0;
CREATE TABLE audit (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    first   REAL NOT NULL,           -- seconds since 1970, UTC
    last    REAL NOT NULL,
    count   INTEGER NOT NULL,        -- calls of the same kind within a minute
    who     TEXT NOT NULL,
    address TEXT NOT NULL,
    method  TEXT NOT NULL,
    what    TEXT NOT NULL,
    code    INTEGER NOT NULL,        -- of the status
    message TEXT NOT NULL
);
)sql";

void to_version_1(SQLite::Database& database) {
    database.exec(version_1);
}

void to_version_2(SQLite::Database& database) {
    database.exec(version_2);
    SQLite::Statement select(database, "SELECT info FROM runs");
    SQLite::Statement update(database, "UPDATE runs SET submitted = ?, finished = ? WHERE id = ?");
    while (select.executeStep()) {
        v1::RunInfo info;
        sql::read(select.getColumn(0), info);
        update.bind(1, info.submitted());
        update.bind(2, info.finished());
        update.bind(3, sql::to_sql(info.run()));
        update.exec();
        update.reset();
        sql::add_rigs(database, info);
    }
}

void to_version_3(SQLite::Database& database) {
    database.exec(version_3);
}

void to_version_4(SQLite::Database& database) {
    database.exec(version_4);
}

void to_version_5(SQLite::Database& database) {
    database.exec(checkpoints_table);
    database.exec(rig_eras_table);
}

void to_version_6(SQLite::Database& database) {
    database.exec(rig_blocks_table);
}

void to_version_7(SQLite::Database& database) {
    database.exec(contents_tables);
}

void to_version_8(SQLite::Database& database) {
    database.exec(keys_tables);
}

/// Entry i makes version i + 1 of version i.
using Step = void (*)(SQLite::Database&);
constexpr std::array<Step, 8> steps{to_version_1, to_version_2, to_version_3, to_version_4,
                                    to_version_5, to_version_6, to_version_7, to_version_8};

} // namespace

std::int64_t schema_version() noexcept {
    return steps.size();
}

void bring_up_to_date(SQLite::Database& database, const std::string& file) {
    const std::int64_t stated = database.execAndGet("PRAGMA user_version").getInt64();
    const auto found = static_cast<std::size_t>(stated);
    if (stated < 0 || found > steps.size()) {
        throw Error(
            Code::failed_precondition,
            fmt::format("the database {} has schema version {}, this phylld knows up to {}; use "
                        "the newer phylld that wrote it, or give this one another --state-dir",
                        file, stated, steps.size()));
    }
    if (found == steps.size()) {
        return;
    }
    SQLite::Transaction commit(database, SQLite::TransactionBehavior::IMMEDIATE);
    for (std::size_t version = found; version < steps.size(); ++version) {
        steps[version](database);
    }
    database.exec(fmt::format("PRAGMA user_version = {}", steps.size()));
    commit.commit();
}

} // namespace phyll::runs
