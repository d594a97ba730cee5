// Groups of runs, as the run manager keeps them.

#include "daemon/runs/group_summary.hpp"
#include "daemon/runs/run_manager.hpp"
#include "daemon/runs/run_state.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace phyll::runs {

v1::SubmitGroupReply RunManager::submit_group(const v1::GroupInfo& info,
                                              std::vector<RunRecord> members,
                                              const std::string& run_file,
                                              const std::string& idempotency_key) {
    v1::GroupInfo given = info;
    given.set_submitted(wall_seconds(clock_));
    for (RunRecord& member : members) {
        check_lender(member.spec);
        complete(member.info, member.spec, given.submitted());
    }
    const NewGroup group = store_.add_group(given, members, idempotency_key);
    v1::SubmitGroupReply reply;
    reply.set_group(group.group);
    reply.mutable_runs()->Assign(group.runs.begin(), group.runs.end());
    if (!group.is_new) {
        return reply;
    }
    for (const std::uint64_t run : group.runs) {
        try {
            write_file(state_.run(run) / "run.toml", run_file);
            enqueue(run);
        } catch (const Error& error) {
            store_.change_state(run, v1::FAILED,
                                fmt::format("its run file could not be kept: {}", error.what()),
                                wall_seconds(clock_));
        }
    }
    return reply;
}

v1::GroupReply RunManager::group(std::uint64_t id) const {
    return summary(group_record(id));
}

v1::GroupInfo RunManager::group_info(std::uint64_t id) const {
    return overview(group_record(id));
}

std::vector<v1::GroupInfo> RunManager::groups(const v1::ListRunsRequest& filter) const {
    check_rig(filter.rig());
    std::vector<v1::GroupInfo> groups;
    for (const std::uint64_t id : store_.groups(filter)) {
        groups.push_back(group_info(id));
    }
    return groups;
}

void RunManager::cancel_group(std::uint64_t id) {
    const GroupRecord group = group_record(id);
    std::vector<std::uint64_t> others;
    bool any = false;
    // Those that wait first: a rig that another gives up must not go to the next.
    for (const RunRecord& member : group.members) {
        const v1::RunInfo& info = member.info;
        if (is_final(info.state())) {
            continue;
        }
        any = true;
        if (info.state() == v1::QUEUED) {
            cancel(info.run());
        } else {
            others.push_back(info.run());
        }
    }
    for (const std::uint64_t run : others) {
        cancel(run);
    }
    if (!any) {
        throw Error(
            Code::failed_precondition,
            fmt::format(
                "group g{} is over: all its members have ended; there is nothing left to cancel",
                id));
    }
}

GroupRecord RunManager::group_record(std::uint64_t id) const {
    std::optional<GroupRecord> record = store_.group(id);
    if (!record) {
        throw Error(Code::not_found,
                    fmt::format("there is no group g{}; the list of runs has those that are", id));
    }
    for (RunRecord& member : record->members) {
        annotate(member.info);
    }
    return *std::move(record);
}

} // namespace phyll::runs
