#include "daemon/runs/run_state.hpp"
#include "daemon/runs/store_impl.hpp"

#include <fmt/format.h>

namespace phyll::runs {

using sql::bind;
using sql::from_sql;
using sql::read;
using sql::to_sql;

namespace {

/// A group's state from its members', as GroupInfo says; the states are numbers of an enum.
std::string state_text() {
    std::string text = "CASE";
    for (const v1::RunState state :
         {v1::RUNNING, v1::HELD, v1::PAUSED, v1::QUEUED, v1::FAILED, v1::RUN_CANCELLED}) {
        text += fmt::format(" WHEN SUM(runs.state = {0}) > 0 THEN {0}", static_cast<int>(state));
    }
    return text + fmt::format(" ELSE {} END", static_cast<int>(v1::SUCCEEDED));
}

} // namespace

NewGroup Store::add_group(const v1::GroupInfo& given, const std::vector<RunRecord>& members,
                          const std::string& idempotency_key) {
    return impl_->transaction([&]() -> NewGroup {
        NewGroup out;
        if (!idempotency_key.empty()) {
            SQLite::Statement known(impl_->database,
                                    "SELECT id FROM run_groups WHERE idempotency_key = ?");
            known.bind(1, idempotency_key);
            if (known.executeStep()) {
                out.group = from_sql(known.getColumn(0));
                out.runs = impl_->members(out.group);
                return out;
            }
        }
        out.is_new = true;
        SQLite::Statement insert(impl_->database,
                                 "INSERT INTO run_groups (submitted, info, idempotency_key) "
                                 "VALUES (?, x'', ?)");
        insert.bind(1, given.submitted());
        if (!idempotency_key.empty()) {
            insert.bind(2, idempotency_key);
        }
        insert.exec();
        v1::GroupInfo info = given;
        info.set_group(static_cast<std::uint64_t>(impl_->database.getLastInsertRowid()));
        out.group = info.group();
        for (const RunRecord& member : members) {
            v1::RunInfo run = member.info;
            run.set_group(info.group());
            out.runs.push_back(impl_->insert(run, member.spec, ""));
        }
        info.set_first_event(impl_->load(out.runs.front()).info.last_event());
        SQLite::Statement update(impl_->database, "UPDATE run_groups SET info = ? WHERE id = ?");
        bind(update, 1, info);
        update.bind(2, to_sql(info.group()));
        update.exec();
        return out;
    });
}

std::optional<GroupRecord> Store::group(std::uint64_t id) const {
    return impl_->with([&]() -> std::optional<GroupRecord> {
        SQLite::Statement select(impl_->database, "SELECT info FROM run_groups WHERE id = ?");
        select.bind(1, to_sql(id));
        if (!select.executeStep()) {
            return std::nullopt;
        }
        GroupRecord record;
        read(select.getColumn(0), record.info);
        for (const std::uint64_t run : impl_->members(id)) {
            record.members.push_back(impl_->load(run));
        }
        return record;
    });
}

std::vector<std::uint64_t> Store::groups(const v1::ListRunsRequest& filter) const {
    std::string text = "SELECT run_groups.id FROM run_groups "
                       "JOIN runs ON runs.group_id = run_groups.id "
                       "WHERE run_groups.submitted >= :since GROUP BY run_groups.id";
    std::string having;
    if (!filter.rig().empty()) {
        having = "SUM(runs.id IN (SELECT run FROM run_rigs WHERE rig = :rig)) > 0";
    }
    if (filter.states_size() > 0) {
        having += fmt::format("{}{} IN ({})", having.empty() ? "" : " AND ", state_text(),
                              fmt::join(filter.states(), ", "));
    }
    if (!having.empty()) {
        text += " HAVING " + having;
    }
    text += " ORDER BY run_groups.id DESC LIMIT :limit";
    return impl_->with([&] {
        SQLite::Statement select(impl_->database, text);
        sql::bind_filter(select, filter);
        std::vector<std::uint64_t> groups;
        while (select.executeStep()) {
            groups.push_back(from_sql(select.getColumn(0)));
        }
        return groups;
    });
}

std::vector<std::uint64_t> Store::Impl::members(std::uint64_t group) {
    SQLite::Statement select(database, "SELECT id FROM runs WHERE group_id = ? ORDER BY id");
    select.bind(1, to_sql(group));
    std::vector<std::uint64_t> runs;
    while (select.executeStep()) {
        runs.push_back(from_sql(select.getColumn(0)));
    }
    return runs;
}

} // namespace phyll::runs
