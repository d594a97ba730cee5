#include "daemon/runs/store.hpp"

#include "daemon/runs/reserve.hpp"
#include "daemon/runs/run_state.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <mutex>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace phyll::runs {
namespace {

constexpr int schema_version = 1;

constexpr const char* schema = R"sql(
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

/// SQLite's integers are signed; the ids here never reach the sign.
std::int64_t to_sql(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}
std::uint64_t from_sql(const SQLite::Column& column) {
    return static_cast<std::uint64_t>(column.getInt64());
}

void bind(SQLite::Statement& statement, int index, const google::protobuf::Message& message) {
    const std::string bytes = message.SerializeAsString();
    statement.bind(index, bytes.data(), static_cast<int>(bytes.size()));
}

void read(const SQLite::Column& column, google::protobuf::Message& message) {
    if (!message.ParseFromArray(column.getBlob(), column.getBytes())) {
        throw Error(Code::data_loss,
                    fmt::format("the database holds a {} that cannot be read: it is damaged",
                                message.GetTypeName()));
    }
}

/// Some failures of a full disk do not carry its name: of shared memory, of a sync.
bool disk_is_full(const SQLite::Exception& error, const std::filesystem::path& file) {
    const int code = error.getErrorCode() & 0xff;
    std::error_code ignored;
    return code == SQLITE_FULL ||
           (code == SQLITE_IOERR &&
            std::filesystem::space(file.parent_path(), ignored).available < 64U << 10U);
}

[[nodiscard]] Error damaged(const std::string& file, std::string_view how) {
    return {Code::data_loss,
            fmt::format("the database {} is damaged: {}; stop phylld and put a copy in its place, "
                        "or move it away: phylld then begins with an empty one, and what runs "
                        "left in their folders stays",
                        file, how)};
}

[[nodiscard]] Error translate(const SQLite::Exception& error, const std::string& file) {
    if (disk_is_full(error, file)) {
        return {
            Code::resource_exhausted,
            fmt::format("the disk is full: the database {} cannot grow; free some space", file)};
    }
    switch (error.getErrorCode() & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return damaged(file, error.what());
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return {Code::permission_denied,
                fmt::format("the database {} cannot be written: {}; phylld, here user {}, must be "
                            "able to write it and its folder",
                            file, error.what(), ::geteuid())};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return {Code::unavailable,
                fmt::format("the database {} is held by another program; close that one", file)};
    default:
        return {Code::unavailable,
                fmt::format("the database {} cannot be used: {}", file, error.what())};
    }
}

} // namespace

struct Store::Impl {
    explicit Impl(const std::filesystem::path& path)
        : file(path.string()),
          reserve(path.parent_path() / "reserve"),
          database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE) {}

    const std::string file;
    Reserve reserve;
    mutable std::mutex mutex;
    SQLite::Database database;

    void open();

    /// Runs `work` alone and speaks of failures in the system's own terms.
    template <class Work>
    auto with(Work&& work) {
        const std::lock_guard lock(mutex);
        try {
            return std::forward<Work>(work)();
        } catch (const SQLite::Exception& error) {
            throw translate(error, file);
        }
    }

    template <class Work>
    auto transaction(Work&& work) {
        return with([&] {
            SQLite::Transaction commit(database, SQLite::TransactionBehavior::IMMEDIATE);
            auto result = std::forward<Work>(work)();
            commit.commit();
            reserve.restore();
            return result;
        });
    }

    /// For how things ended: on a full disk too.
    template <class Work>
    auto last_words(Work&& work) {
        try {
            return transaction(work);
        } catch (const Error& error) {
            if (error.code() != Code::resource_exhausted || !reserve.give_up()) {
                throw;
            }
        }
        return transaction(work);
    }

    RunRecord load(std::uint64_t id);
    void save(const v1::RunInfo& info);
    v1::Event add_event(std::uint64_t run, v1::Event event, double time);
    v1::Event move(RunRecord& record, v1::RunState state, const std::string& reason, double time);
};

void Store::Impl::open() {
    database.setBusyTimeout(2000);
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = NORMAL");
    database.exec("PRAGMA foreign_keys = ON");
    const int found = database.execAndGet("PRAGMA user_version").getInt();
    if (found < 0 || found > schema_version) {
        throw Error(
            Code::failed_precondition,
            fmt::format("the database {} has schema version {}, this phylld knows up to {}; use "
                        "the newer phylld that wrote it, or give this one another --state-dir",
                        file, found, schema_version));
    }
    // Damage is better found now than in the middle of a run.
    if (const std::string found_damage = database.execAndGet("PRAGMA quick_check(1)").getString();
        found_damage != "ok") {
        throw damaged(file, found_damage);
    }
    if (found == 0) {
        SQLite::Transaction commit(database);
        database.exec(schema);
        database.exec(fmt::format("PRAGMA user_version = {}", schema_version));
        commit.commit();
    }
}

RunRecord Store::Impl::load(std::uint64_t id) {
    SQLite::Statement select(database, "SELECT info, spec FROM runs WHERE id = ?");
    select.bind(1, to_sql(id));
    if (!select.executeStep()) {
        throw Error(Code::not_found, fmt::format("there is no run {}", id));
    }
    RunRecord record;
    read(select.getColumn(0), record.info);
    read(select.getColumn(1), record.spec);
    return record;
}

void Store::Impl::save(const v1::RunInfo& info) {
    SQLite::Statement update(database, "UPDATE runs SET state = ?, info = ? WHERE id = ?");
    update.bind(1, static_cast<int>(info.state()));
    bind(update, 2, info);
    update.bind(3, to_sql(info.run()));
    update.exec();
}

v1::Event Store::Impl::add_event(std::uint64_t run, v1::Event event, double time) {
    event.set_time(time);
    // The number is part of the stored event, so the row is made first.
    SQLite::Statement insert(database, "INSERT INTO events (run, event) VALUES (?, x'')");
    insert.bind(1, to_sql(run));
    insert.exec();
    event.set_number(static_cast<std::uint64_t>(database.getLastInsertRowid()));
    SQLite::Statement update(database, "UPDATE events SET event = ? WHERE number = ?");
    bind(update, 1, event);
    update.bind(2, to_sql(event.number()));
    update.exec();
    return event;
}

v1::Event Store::Impl::move(RunRecord& record, v1::RunState state, const std::string& given,
                            double time) {
    // What is stored must be readable again.
    const std::string reason = utf8(given);
    v1::RunInfo& info = record.info;
    if (!may_go(info.state(), state)) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {} is {} and cannot become {}", info.run(),
                                name_of(info.state()), name_of(state)));
    }
    info.set_state(state);
    info.set_reason(reason);
    if (state == v1::RUNNING && info.started() == 0) {
        info.set_started(time);
    }
    if (is_final(state)) {
        info.set_finished(time);
    }
    v1::Event event;
    event.mutable_state()->set_state(state);
    event.mutable_state()->set_reason(reason);
    event = add_event(info.run(), event, time);
    info.set_last_event(event.number());
    return event;
}

Store::Store(const std::filesystem::path& file) {
    try {
        impl_ = std::make_unique<Impl>(file);
        impl_->open();
    } catch (const SQLite::Exception& error) {
        throw translate(error, file.string());
    }
}

Store::~Store() = default;

std::uint64_t Store::add_run(const v1::RunInfo& given, const v1::RunSpec& spec,
                             const std::string& idempotency_key) {
    return impl_->transaction([&]() -> std::uint64_t {
        if (!idempotency_key.empty()) {
            SQLite::Statement known(impl_->database,
                                    "SELECT id FROM runs WHERE idempotency_key = ?");
            known.bind(1, idempotency_key);
            if (known.executeStep()) {
                return from_sql(known.getColumn(0));
            }
        }
        SQLite::Statement insert(impl_->database,
                                 "INSERT INTO runs (state, info, spec, idempotency_key) "
                                 "VALUES (?, x'', ?, ?)");
        insert.bind(1, static_cast<int>(v1::QUEUED));
        bind(insert, 2, spec);
        if (idempotency_key.empty()) {
            insert.bind(3);
        } else {
            insert.bind(3, idempotency_key);
        }
        insert.exec();
        v1::RunInfo info = given;
        info.set_run(static_cast<std::uint64_t>(impl_->database.getLastInsertRowid()));
        info.set_state(v1::QUEUED);
        v1::Event event;
        event.mutable_state()->set_state(v1::QUEUED);
        event = impl_->add_event(info.run(), event, info.submitted());
        info.set_last_event(event.number());
        impl_->save(info);
        return info.run();
    });
}

std::optional<RunRecord> Store::run(std::uint64_t id) const {
    return impl_->with([&]() -> std::optional<RunRecord> {
        try {
            return impl_->load(id);
        } catch (const Error& error) {
            if (error.code() == Code::not_found) {
                return std::nullopt;
            }
            throw;
        }
    });
}

std::vector<v1::RunInfo> Store::runs() const {
    return impl_->with([&] {
        std::vector<v1::RunInfo> runs;
        SQLite::Statement select(impl_->database, "SELECT info FROM runs ORDER BY id DESC");
        while (select.executeStep()) {
            read(select.getColumn(0), runs.emplace_back());
        }
        return runs;
    });
}

std::vector<std::uint64_t> Store::in_state(const std::vector<v1::RunState>& states) const {
    return impl_->with([&] {
        std::vector<std::uint64_t> ids;
        SQLite::Statement select(impl_->database, "SELECT id, state FROM runs ORDER BY id");
        while (select.executeStep()) {
            const auto state = static_cast<v1::RunState>(select.getColumn(1).getInt());
            if (std::ranges::find(states, state) != states.end()) {
                ids.push_back(from_sql(select.getColumn(0)));
            }
        }
        return ids;
    });
}

v1::Event Store::change_state(std::uint64_t run, v1::RunState state, const std::string& reason,
                              double time, const v1::RunResult* result) {
    const auto change = [&] {
        RunRecord record = impl_->load(run);
        if (result != nullptr) {
            *record.info.mutable_result() = *result;
            v1::Event event;
            *event.mutable_result() = *result;
            impl_->add_event(run, event, time);
        }
        const v1::Event event = impl_->move(record, state, reason, time);
        impl_->save(record.info);
        return event;
    };
    return state == v1::RUNNING ? impl_->transaction(change) : impl_->last_words(change);
}

v1::Event Store::interrupted(std::uint64_t run, const std::string& reason, double time) {
    return impl_->last_words([&] {
        RunRecord record = impl_->load(run);
        const v1::Event event = impl_->move(record, v1::QUEUED, reason, time);
        record.info.set_interruptions(record.info.interruptions() + 1);
        impl_->save(record.info);
        return event;
    });
}

v1::Event Store::add_epoch(std::uint64_t run, const v1::EpochMetrics& epoch, double time) {
    return impl_->transaction([&] {
        v1::Event event;
        *event.mutable_epoch() = epoch;
        event = impl_->add_event(run, event, time);
        SQLite::Statement insert(impl_->database,
                                 "INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        insert.bind(1, to_sql(run));
        insert.bind(2, to_sql(event.number()));
        insert.bind(3, to_sql(epoch.step()));
        insert.bind(4, epoch.layer());
        insert.bind(5, epoch.epoch());
        insert.bind(6, epoch.loss());
        insert.bind(7, epoch.pair_accuracy());
        if (epoch.has_train_accuracy()) {
            insert.bind(8, epoch.train_accuracy());
        }
        insert.bind(9, to_sql(epoch.training_queries()));
        insert.bind(10, to_sql(epoch.evaluation_queries()));
        insert.bind(11, epoch.hardware_seconds());
        insert.exec();
        return event;
    });
}

v1::Event Store::add_notice(std::uint64_t run, const std::string& text, double time) {
    return impl_->transaction([&] {
        v1::Event event;
        event.set_notice(utf8(text));
        return impl_->add_event(run, event, time);
    });
}

std::vector<v1::Event> Store::events(std::uint64_t run, std::uint64_t after,
                                     std::size_t limit) const {
    return impl_->with([&] {
        std::vector<v1::Event> events;
        SQLite::Statement select(impl_->database, "SELECT event FROM events WHERE run = ? AND "
                                                  "number > ? ORDER BY number LIMIT ?");
        select.bind(1, to_sql(run));
        select.bind(2, to_sql(after));
        select.bind(3, to_sql(limit));
        while (select.executeStep()) {
            read(select.getColumn(0), events.emplace_back());
        }
        return events;
    });
}

std::map<std::string, std::uint64_t> Store::rig_ages() const {
    return impl_->with([&] {
        std::map<std::string, std::uint64_t> ages;
        SQLite::Statement select(impl_->database, "SELECT name, age FROM rigs");
        while (select.executeStep()) {
            ages[select.getColumn(0).getString()] = from_sql(select.getColumn(1));
        }
        return ages;
    });
}

void Store::save_rig_age(const std::string& rig, std::uint64_t age) {
    impl_->with([&] {
        SQLite::Statement upsert(impl_->database,
                                 "INSERT INTO rigs (name, age) VALUES (?, ?) "
                                 "ON CONFLICT (name) DO UPDATE SET age = excluded.age");
        upsert.bind(1, rig);
        upsert.bind(2, to_sql(age));
        upsert.exec();
    });
}

} // namespace phyll::runs
