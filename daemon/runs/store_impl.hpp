#pragma once

// What the store's source files share; for nobody else.

#include "daemon/runs/reserve.hpp"
#include "daemon/runs/store.hpp"
#include "drivers/core/error.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace phyll::runs {
namespace sql {

/// SQLite's integers are signed; the numbers here never reach the sign.
[[nodiscard]] inline std::int64_t to_sql(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}
[[nodiscard]] inline std::uint64_t from_sql(const SQLite::Column& column) {
    return static_cast<std::uint64_t>(column.getInt64());
}

void bind(SQLite::Statement& statement, int index, const google::protobuf::Message& message);
/// Throws DATA_LOSS.
void read(const SQLite::Column& column, google::protobuf::Message& message);
/// Notes which rigs a run names.
void add_rigs(SQLite::Database& database, const v1::RunInfo& info);
/// Says whether an upload is complete.
using IsWhole = std::function<bool(const std::string& sha256)>;
/// Notes which contents a run names. Throws NOT_FOUND for one that is not there as a whole.
void add_files(SQLite::Database& database, const v1::RunInfo& info, const IsWhole& is_whole);

/// Binds :since, :limit (0: all) and, where the filter names one, :rig of a list's statement.
void bind_filter(SQLite::Statement& select, const v1::ListRunsRequest& filter);

[[nodiscard]] Error translate(const SQLite::Exception& error, const std::string& file);
/// DATA_LOSS, saying what can be done about it.
[[nodiscard]] Error damaged(const std::string& file, std::string_view how);

} // namespace sql

struct Store::Impl {
    explicit Impl(const std::filesystem::path& path)
        : file(path.string()),
          reserve(path.parent_path() / "reserve"),
          database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE) {}

    const std::string file;
    Reserve reserve;
    mutable std::mutex mutex;
    SQLite::Database database;
    /// As they are in the database; filled with `mutex` held, so that none is older than that.
    std::map<std::string, RigEra> eras;
    mutable std::mutex eras_mutex; ///< of `eras`; never held for longer than a look
    sql::IsWhole is_whole = [](const std::string&) { return true; };

    void open();

    /// Runs `work` alone and speaks of failures in the system's own terms.
    template <class Work>
    auto with(Work&& work) {
        const std::lock_guard lock(mutex);
        try {
            return std::forward<Work>(work)();
        } catch (const SQLite::Exception& error) {
            throw sql::translate(error, file);
        }
    }

    template <class Work>
    auto transaction(Work&& work) {
        return with([&] {
            SQLite::Transaction commit(database, SQLite::TransactionBehavior::IMMEDIATE);
            if constexpr (std::is_void_v<decltype(work())>) {
                std::forward<Work>(work)();
                commit.commit();
                reserve.restore();
            } else {
                auto result = std::forward<Work>(work)();
                commit.commit();
                reserve.restore();
                return result;
            }
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

    /// Reads the rig's era from the database.
    RigEra refresh_era(const std::string& rig);

    // All of these inside a transaction.

    /// Throws NOT_FOUND.
    RunRecord load(std::uint64_t run);
    void save(const v1::RunInfo& info);
    /// See Store::run_with_key.
    std::optional<std::uint64_t> with_key(const std::string& idempotency_key);
    /// A new run in state queued, with its first event; its number.
    std::uint64_t insert(v1::RunInfo info, const v1::RunSpec& spec,
                         const std::string& idempotency_key);
    v1::Event add_event(std::uint64_t run, v1::Event event, double time);
    v1::Event add_epoch(std::uint64_t run, const v1::EpochMetrics& epoch, double time);
    v1::Event move(RunRecord& record, v1::RunState state, const std::string& reason, double time);
    /// Runs of a group, in the order in which they were submitted.
    std::vector<std::uint64_t> members(std::uint64_t group);
    /// Every row of a run.
    void erase(std::uint64_t run);
};

} // namespace phyll::runs
