#include "daemon/runs/run_state.hpp"
#include "daemon/runs/store_impl.hpp"

#include <fmt/format.h>

namespace phyll::runs {

void sql::bind_filter(SQLite::Statement& select, const v1::ListRunsRequest& filter) {
    select.bind(":since", filter.since());
    if (!filter.rig().empty()) {
        select.bind(":rig", filter.rig());
    }
    select.bind(":limit", filter.limit() == 0 ? std::int64_t{-1} : to_sql(filter.limit()));
}

using sql::from_sql;
using sql::read;
using sql::to_sql;

std::vector<v1::RunInfo> Store::runs(const v1::ListRunsRequest& filter) const {
    std::string text = "SELECT info FROM runs WHERE submitted >= :since";
    if (!filter.rig().empty()) {
        text += " AND id IN (SELECT run FROM run_rigs WHERE rig = :rig)";
    }
    if (filter.states_size() > 0) {
        // Numbers of an enum: nothing that a client could write into the statement.
        text += fmt::format(" AND state IN ({})", fmt::join(filter.states(), ", "));
    }
    if (!filter.members()) {
        text += " AND group_id IS NULL";
    }
    text += " ORDER BY id DESC LIMIT :limit";
    return impl_->with([&] {
        SQLite::Statement select(impl_->database, text);
        sql::bind_filter(select, filter);
        std::vector<v1::RunInfo> runs;
        while (select.executeStep()) {
            v1::RunInfo& info = runs.emplace_back();
            read(select.getColumn(0), info);
            shorten_for_list(info);
        }
        return runs;
    });
}

std::map<v1::RunState, std::uint64_t> Store::states() const {
    return impl_->with([&] {
        std::map<v1::RunState, std::uint64_t> states;
        SQLite::Statement select(impl_->database,
                                 "SELECT state, COUNT(*) FROM runs GROUP BY state");
        while (select.executeStep()) {
            states[static_cast<v1::RunState>(select.getColumn(0).getInt())] =
                from_sql(select.getColumn(1));
        }
        return states;
    });
}

bool Store::knows_rig(const std::string& rig) const {
    return impl_->with([&] {
        SQLite::Statement select(impl_->database, "SELECT 1 FROM run_rigs WHERE rig = ? LIMIT 1");
        select.bind(1, rig);
        return select.executeStep();
    });
}

bool Store::all_over(const std::set<std::uint64_t>& runs) const {
    const std::string text =
        fmt::format("SELECT state FROM runs WHERE id IN ({})", fmt::join(runs, ", "));
    return impl_->with([&] {
        SQLite::Statement select(impl_->database, text);
        while (select.executeStep()) {
            if (!is_final(static_cast<v1::RunState>(select.getColumn(0).getInt()))) {
                return false;
            }
        }
        return true;
    });
}

std::vector<RunEnd> Store::ends() const {
    return impl_->with([&] {
        std::vector<RunEnd> ends;
        SQLite::Statement select(impl_->database,
                                 "SELECT id, state, finished, group_id FROM runs ORDER BY id");
        while (select.executeStep()) {
            const auto state = static_cast<v1::RunState>(select.getColumn(1).getInt());
            ends.push_back({.run = from_sql(select.getColumn(0)),
                            .group = from_sql(select.getColumn(3)), // NULL is 0
                            .over = is_final(state),
                            .finished = select.getColumn(2).getDouble()});
        }
        return ends;
    });
}

std::set<std::uint64_t> Store::remove(std::set<std::uint64_t> runs,
                                      const std::set<std::uint64_t>& groups) {
    impl_->transaction([&] {
        for (const std::uint64_t group : groups) {
            const std::vector<std::uint64_t> members = impl_->members(group);
            if (members.empty()) {
                throw Error(
                    Code::not_found,
                    fmt::format("there is no group g{}; the list of runs has those that are",
                                group));
            }
            runs.insert(members.begin(), members.end());
        }
        for (const std::uint64_t run : runs) {
            const v1::RunInfo info = impl_->load(run).info;
            if (info.group() != 0 && !groups.contains(info.group())) {
                throw Error(Code::failed_precondition,
                            fmt::format("run {0} belongs to group g{1}, whose figures are over all "
                                        "its members; remove g{1} as a whole",
                                        run, info.group()));
            }
            if (!is_final(info.state())) {
                throw Error(Code::failed_precondition,
                            fmt::format("run {} is {}: only runs that are over can be removed; "
                                        "cancel it first",
                                        run, name_of(info.state())));
            }
            impl_->erase(run);
        }
        for (const std::uint64_t group : groups) {
            SQLite::Statement erase(impl_->database, "DELETE FROM run_groups WHERE id = ?");
            erase.bind(1, to_sql(group));
            erase.exec();
        }
    });
    return runs;
}

std::vector<std::uint64_t> Store::removed() const {
    return impl_->with([&] {
        std::vector<std::uint64_t> runs;
        SQLite::Statement select(impl_->database, "SELECT id FROM removed_runs ORDER BY id");
        while (select.executeStep()) {
            runs.push_back(from_sql(select.getColumn(0)));
        }
        return runs;
    });
}

void Store::forget_removed(std::uint64_t run) {
    impl_->with([&] {
        SQLite::Statement erase(impl_->database, "DELETE FROM removed_runs WHERE id = ?");
        erase.bind(1, to_sql(run));
        erase.exec();
    });
}

} // namespace phyll::runs
