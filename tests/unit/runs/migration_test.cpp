#include "daemon/runs/store.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/paths.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <catch2/catch.hpp>

using namespace phyll;
using runs::Store;
using test::TempDir;

namespace {

/// What the first phylld wrote, to the letter.
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
PRAGMA user_version = 1;
)sql";

void bind(SQLite::Statement& statement, int index, const google::protobuf::Message& message) {
    const std::string bytes = message.SerializeAsString();
    statement.bind(index, bytes.data(), static_cast<int>(bytes.size()));
}

void add_run(SQLite::Database& database, const v1::RunInfo& info) {
    SQLite::Statement insert(database, "INSERT INTO runs (id, state, info, spec, idempotency_key) "
                                       "VALUES (?, ?, ?, x'', ?)");
    insert.bind(1, static_cast<std::int64_t>(info.run()));
    insert.bind(2, static_cast<int>(info.state()));
    bind(insert, 3, info);
    insert.bind(4, "key " + std::to_string(info.run()));
    insert.exec();
}

void add_epoch(SQLite::Database& database, std::int64_t run, std::int64_t number) {
    v1::Event event;
    event.set_number(static_cast<std::uint64_t>(number));
    event.mutable_epoch()->set_epoch(1);
    SQLite::Statement insert(database, "INSERT INTO events VALUES (?, ?, ?)");
    insert.bind(1, number);
    insert.bind(2, run);
    bind(insert, 3, event);
    insert.exec();
    database.exec("INSERT INTO metrics VALUES (" + std::to_string(run) + ", " +
                  std::to_string(number) + ", 0, 1, 1, 0.5, 0.5, NULL, 7, 0, 0.1)");
}

v1::RunInfo info_of(std::uint64_t run, v1::RunState state, double submitted, double finished,
                    const std::vector<std::string>& rigs) {
    v1::RunInfo info;
    info.set_run(run);
    info.set_name("old");
    info.set_state(state);
    info.set_submitted(submitted);
    info.set_finished(finished);
    for (const std::string& rig : rigs) {
        info.add_rigs(rig);
    }
    return info;
}

std::filesystem::path version_1_file(const TempDir& dir) {
    auto file = dir.path() / "phylld.db";
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec(version_1);
    add_run(database, info_of(3, v1::SUCCEEDED, 100, 110, {"cavity", "echo"}));
    add_run(database, info_of(5, v1::QUEUED, 200, 0, {"echo"}));
    add_epoch(database, 3, 17);
    database.exec("INSERT INTO rigs VALUES ('cavity', 77)");
    return file;
}

int version_of(const std::filesystem::path& file) {
    return SQLite::Database(file.string()).execAndGet("PRAGMA user_version").getInt();
}

v1::ListRunsRequest on_rig(const std::string& rig) {
    v1::ListRunsRequest filter;
    filter.set_rig(rig);
    return filter;
}

} // namespace

TEST_CASE("a database of the first version is brought up to date where it is") {
    const TempDir dir;
    const auto file = version_1_file(dir);
    REQUIRE(version_of(file) == 1);
    {
        Store store(file);
        REQUIRE(store.runs({}).size() == 2);
        REQUIRE(store.runs(on_rig("cavity")).size() == 1);
        REQUIRE(store.runs(on_rig("echo")).size() == 2);
        v1::ListRunsRequest since;
        since.set_since(150);
        REQUIRE(store.runs(since).size() == 1);
        REQUIRE(store.runs(since)[0].run() == 5);
        REQUIRE(store.rig_ages().at("cavity") == 77);
        REQUIRE(store.epochs(3, 0, 10).size() == 1);
        REQUIRE(store.groups({}).empty());
        // A rig that was there before eras were kept is in its first one.
        REQUIRE(store.rig_era("cavity").era == 1);
        store.note_configuration("cavity", "a", 250);
        REQUIRE(store.end_era("cavity", "touched: dusted", 300).era == 2);
        const auto ends = store.ends();
        REQUIRE(ends.size() == 2);
        REQUIRE(ends[0].over);
        REQUIRE(ends[0].finished == 110);
        REQUIRE_FALSE(ends[1].over);

        // Numbers go on where they were, and old keys still start nothing.
        v1::RunInfo info;
        REQUIRE(store.add_run(info, {}, "key 5") == 5);
        REQUIRE(store.add_run(info, {}, "") == 6);
        REQUIRE(store.events(6, 0, 10)[0].number() == 18);
        store.remove({3}, {});
        REQUIRE_FALSE(store.run(3));
        REQUIRE(store.runs(on_rig("cavity")).empty());
    }
    REQUIRE(version_of(file) > 1);
    REQUIRE(Store(file).runs({}).size() == 2); // and once more, as it is now
    REQUIRE(Store(file).rig_era("cavity").reason == "touched: dusted");
}

TEST_CASE("what a newer phylld wrote is refused") {
    const TempDir dir;
    const auto file = version_1_file(dir);
    SQLite::Database(file.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 1000");
    try {
        const Store store(file);
        FAIL("it is newer");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::failed_precondition);
        REQUIRE(std::string(error.what()).find("schema version 1000") != std::string::npos);
    }
}

TEST_CASE("an old database that cannot be read stays as it was") {
    const TempDir dir;
    const auto file = version_1_file(dir);
    SQLite::Database(file.string(), SQLite::OPEN_READWRITE)
        .exec("UPDATE runs SET info = x'ffffff' WHERE id = 5");
    try {
        const Store store(file);
        FAIL("run 5 cannot be read");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::data_loss);
    }
    REQUIRE(version_of(file) == 1);
}
