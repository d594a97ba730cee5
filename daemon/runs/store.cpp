#include "daemon/runs/store_impl.hpp"

#include "daemon/runs/reserve.hpp"
#include "daemon/runs/run_state.hpp"
#include "daemon/runs/store_schema.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace phyll::runs {

namespace sql {

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

void add_rigs(SQLite::Database& database, const v1::RunInfo& info) {
    SQLite::Statement insert(database, "INSERT OR IGNORE INTO run_rigs (rig, run) VALUES (?, ?)");
    for (const std::string& rig : info.rigs()) {
        insert.bind(1, rig);
        insert.bind(2, to_sql(info.run()));
        insert.exec();
        insert.reset();
    }
}

namespace {

/// Some failures of a full disk do not carry its name: of shared memory, of a sync.
bool disk_is_full(const SQLite::Exception& error, const std::filesystem::path& file) {
    const int code = error.getErrorCode() & 0xff;
    std::error_code ignored;
    return code == SQLITE_FULL ||
           (code == SQLITE_IOERR &&
            std::filesystem::space(file.parent_path(), ignored).available < 64U << 10U);
}

} // namespace

Error damaged(const std::string& file, std::string_view how) {
    return {Code::data_loss,
            fmt::format("the database {} is damaged: {}; stop phylld and put a copy in its place, "
                        "or move it away: phylld then begins with an empty one, and what runs "
                        "left in their folders stays",
                        file, how)};
}

Error translate(const SQLite::Exception& error, const std::string& file) {
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

} // namespace sql

using sql::bind;
using sql::from_sql;
using sql::read;
using sql::to_sql;

void Store::Impl::open() {
    database.setBusyTimeout(2000);
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = NORMAL");
    database.exec("PRAGMA foreign_keys = ON");
    // Damage is better found now than in the middle of a run.
    if (const std::string found = database.execAndGet("PRAGMA quick_check(1)").getString();
        found != "ok") {
        throw sql::damaged(file, found);
    }
    bring_up_to_date(database, file);
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
    SQLite::Statement update(
        database, "UPDATE runs SET state = ?, info = ?, submitted = ?, finished = ? WHERE id = ?");
    update.bind(1, static_cast<int>(info.state()));
    bind(update, 2, info);
    update.bind(3, info.submitted());
    update.bind(4, info.finished());
    update.bind(5, to_sql(info.run()));
    update.exec();
}

std::uint64_t Store::Impl::insert(v1::RunInfo info, const v1::RunSpec& spec,
                                  const std::string& idempotency_key) {
    SQLite::Statement insert(database, "INSERT INTO runs (state, info, spec, idempotency_key, "
                                       "group_id) VALUES (?, x'', ?, ?, ?)");
    insert.bind(1, static_cast<int>(v1::QUEUED));
    bind(insert, 2, spec);
    if (idempotency_key.empty()) {
        insert.bind(3);
    } else {
        insert.bind(3, idempotency_key);
    }
    if (info.group() != 0) {
        insert.bind(4, to_sql(info.group()));
    }
    insert.exec();
    info.set_run(static_cast<std::uint64_t>(database.getLastInsertRowid()));
    info.set_state(v1::QUEUED);
    v1::Event event;
    event.mutable_state()->set_state(v1::QUEUED);
    event = add_event(info.run(), event, info.submitted());
    info.set_last_event(event.number());
    save(info);
    sql::add_rigs(database, info);
    sql::add_files(database, info, is_whole);
    return info.run();
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
    const bool is_held = state == v1::HELD && info.state() != v1::HELD;
    info.set_state(state);
    info.set_reason(reason);
    info.set_waits(false);
    info.set_stopped(false);
    info.set_released(false);
    info.set_holds(info.holds() + (is_held ? 1 : 0));
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

void Store::Impl::erase(std::uint64_t run) {
    // In the order of the references.
    for (const char* text :
         {"DELETE FROM checkpoints WHERE run = ?", "DELETE FROM metrics WHERE run = ?",
          "DELETE FROM events WHERE run = ?", "DELETE FROM run_rigs WHERE run = ?",
          "DELETE FROM run_files WHERE run = ?", "DELETE FROM runs WHERE id = ?",
          "INSERT INTO removed_runs (id) VALUES (?)"}) {
        SQLite::Statement statement(database, text);
        statement.bind(1, to_sql(run));
        statement.exec();
    }
}

Store::Store(const std::filesystem::path& file) {
    try {
        impl_ = std::make_unique<Impl>(file);
        impl_->open();
    } catch (const SQLite::Exception& error) {
        throw sql::translate(error, file.string());
    }
}

Store::~Store() = default;

void Store::take_turn() {
    impl_->transaction([] {});
}

bool Store::keeps_reserve() {
    return impl_->reserve.restore();
}

std::uint64_t Store::add_run(const v1::RunInfo& given, const v1::RunSpec& spec,
                             const std::string& idempotency_key) {
    return impl_->transaction([&] {
        const auto known = impl_->with_key(idempotency_key);
        return known ? *known : impl_->insert(given, spec, idempotency_key);
    });
}

std::optional<std::uint64_t> Store::run_with_key(const std::string& idempotency_key) const {
    return impl_->with([&] { return impl_->with_key(idempotency_key); });
}

std::optional<std::uint64_t> Store::Impl::with_key(const std::string& idempotency_key) {
    if (idempotency_key.empty()) {
        return std::nullopt;
    }
    SQLite::Statement select(database, "SELECT id FROM runs WHERE idempotency_key = ?");
    select.bind(1, idempotency_key);
    return select.executeStep() ? std::optional(from_sql(select.getColumn(0))) : std::nullopt;
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

v1::Event Store::started(std::uint64_t run, const v1::Conditions& conditions, double time) {
    return impl_->transaction([&] {
        RunRecord record = impl_->load(run);
        const v1::Event event = impl_->move(record, v1::RUNNING, {}, time);
        *record.info.mutable_conditions() = conditions;
        impl_->save(record.info);
        return event;
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

v1::Event Store::wait_for_person(std::uint64_t run, const std::string& reason, double time,
                                 bool stopped) {
    return impl_->last_words([&] {
        RunRecord record = impl_->load(run);
        const v1::Event event = impl_->move(record, v1::HELD, reason, time);
        record.info.set_waits(true);
        record.info.set_stopped(stopped);
        impl_->save(record.info);
        return event;
    });
}

v1::Event Store::pause(std::uint64_t run, const std::string& reason, bool released, double time) {
    return impl_->last_words([&] {
        RunRecord record = impl_->load(run);
        const v1::Event event = impl_->move(record, v1::PAUSED, reason, time);
        record.info.set_released(released);
        impl_->save(record.info);
        return event;
    });
}

v1::Event Store::prioritise(std::uint64_t run, int priority, const std::string& notice,
                            double time) {
    return impl_->transaction([&] {
        RunRecord record = impl_->load(run);
        record.info.set_priority(priority);
        impl_->save(record.info);
        v1::Event event;
        event.set_notice(utf8(notice));
        return impl_->add_event(run, event, time);
    });
}

v1::Event Store::interrupted(std::uint64_t run, const std::string& reason, double time,
                             std::optional<std::uint64_t> journaled, const std::string& wait) {
    return impl_->last_words([&] {
        RunRecord record = impl_->load(run);
        v1::Event event = impl_->move(record, v1::QUEUED, reason, time);
        v1::RunInfo& info = record.info;
        if (!wait.empty()) {
            event = impl_->move(record, v1::HELD, wait, time);
            info.set_waits(true);
        }
        info.set_interruptions(info.interruptions() + 1);
        if (journaled) {
            info.set_fruitless(*journaled != info.journaled() ? 0 : info.fruitless() + 1);
            info.set_journaled(*journaled);
        }
        impl_->save(record.info);
        return event;
    });
}

} // namespace phyll::runs
