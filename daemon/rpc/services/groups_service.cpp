#include "daemon/rpc/services/desk.hpp"
#include "daemon/runs/group_summary.hpp"
#include "daemon/runs/job.hpp"
#include "drivers/core/text.hpp"

#include <phyll/v1/groups.pb.h>

#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace phyll::rpc {
namespace {

constexpr int most_members = 1000;

/// What sets a member apart, as overrides.
std::vector<std::string> settings_of(const v1::GroupMember& member) {
    std::vector<std::string> settings(member.overrides().begin(), member.overrides().end());
    if (member.has_seed()) {
        settings.push_back(fmt::format("seed={}", member.seed()));
    }
    return settings;
}

bool sets_seed(const std::string& override_text) {
    std::string key = override_text.substr(0, override_text.find('='));
    std::erase(key, ' ');
    return key == "seed";
}

void check_members(const v1::SubmitGroupRequest& request) {
    if (request.members().empty() || request.members_size() > most_members) {
        throw invalid_field(
            "members", fmt::format("{}; valid are 1 to {}", request.members_size(), most_members));
    }
    std::set<std::vector<std::string>> seen;
    for (int i = 0; i < request.members_size(); ++i) {
        const v1::GroupMember& member = request.members(i);
        const std::string field = fmt::format("members[{}]", i);
        for (const std::string& text : member.overrides()) {
            if (sets_seed(text)) {
                throw invalid_field(
                    field + ".overrides",
                    fmt::format("{}; a member's seed is given as its seed", in_quotes(text)));
            }
        }
        if (!seen.insert(settings_of(member)).second) {
            throw invalid_field(
                field, fmt::format("{} is there twice", fmt::join(settings_of(member), ", ")));
        }
    }
}

/// One member, checked as if it were submitted alone.
runs::RunRecord prepare(const Site& site, const v1::SubmitGroupRequest& request,
                        const v1::GroupMember& member, const runs::FindRig& find) {
    const std::vector<std::string> settings = settings_of(member);
    try {
        runs::RunRecord record;
        record.spec = read_run_file(request.file(), site.options, settings);
        choose_rigs(site, request.simulate(), record.spec);
        *record.info.mutable_files() = runs::files_of(record.spec, request.files());
        const runs::Job job =
            runs::prepare(record.spec, find, site.runs.reader()(record.info.files()));
        record.info.set_test_data(runs::test_data_of(record.spec.data(), job.data.split));
        record.info.set_name(request.name().empty() ? record.spec.name() : request.name());
        record.info.set_note(request.note().empty() ? record.spec.note() : request.note());
        *record.info.mutable_overrides() = member.overrides();
        return record;
    } catch (const Error& error) {
        throw Error(error.code(),
                    settings.empty() ? error.what()
                                     : fmt::format("the member with {}: {}",
                                                   fmt::join(settings, ", "), error.what()),
                    error.violations());
    }
}

void submit(const Site& site, const v1::SubmitGroupRequest& request,
            const std::shared_ptr<Call>& call) {
    check_members(request);
    check_priority(request.priority());
    at_desk(
        site, call,
        [&site, request, find = site.runs.find_rig(), stop = call->stop_token()] {
            std::vector<runs::RunRecord> members;
            std::set<std::string> files;
            for (const v1::GroupMember& member : request.members()) {
                if (stop.stop_requested()) {
                    throw Error(Code::cancelled, "given up by the client");
                }
                members.push_back(prepare(site, request, member, find));
                files.merge(runs::data_files_of(members.back().spec));
            }
            runs::check_files(request.files(), files);
            return members;
        },
        [&site, request, call](const std::vector<runs::RunRecord>& prepared) {
            std::vector<runs::RunRecord> members = prepared;
            for (runs::RunRecord& member : members) {
                member.info.set_submitted_by(call->caller().name);
                member.info.set_priority(request.priority());
            }
            v1::GroupInfo info;
            info.set_name(members.front().info.name());
            info.set_note(members.front().info.note());
            info.set_submitted_by(call->caller().name);
            *info.mutable_overrides() = request.file().overrides();
            call->reply(site.runs.submit_group(info, std::move(members), request.file().text(),
                                               request.idempotency_key()));
        });
}

/// Sends what happens to the members until all are over or the client has gone.
void watch(const Site& site, const v1::WatchGroupRequest& request,
           const std::shared_ptr<Call>& call) {
    check_after_event(site, request.after_event());
    const v1::GroupReply group = site.runs.group(request.group());
    v1::GroupWatchItem snapshot;
    *snapshot.mutable_snapshot() = group.info();
    call->item(snapshot);
    std::set<std::uint64_t> members;
    for (const v1::RunInfo& member : group.members()) {
        members.insert(member.run());
    }
    const std::uint64_t before = group.info().first_event() - 1;
    const runs::Watches::Id id =
        site.runs.watches().add(std::move(members), std::max(before, request.after_event()),
                                {.event =
                                     [call](std::uint64_t run, const v1::Event& event) {
                                         if (event.has_epoch()) {
                                             return;
                                         }
                                         v1::GroupWatchItem item;
                                         item.set_run(run);
                                         *item.mutable_event() = event;
                                         call->item(item);
                                     },
                                 .progress =
                                     [call](std::uint64_t run, const v1::Progress& progress) {
                                         v1::GroupWatchItem item;
                                         item.set_run(run);
                                         *item.mutable_progress() = progress;
                                         call->item(item);
                                     },
                                 .over = [call] { call->end(); }});
    call->when_over([&site, id] { site.runs.watches().remove(id); });
}

} // namespace

void add_groups_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.serve<v1::SubmitGroupRequest, v1::SubmitGroupReply>(
        "phyll.v1.Groups/Submit",
        [&site](const auto& request, const auto& call) { submit(site, request, call); });
    dispatcher.answer<v1::ListRunsRequest, v1::ListGroupsReply>(
        "phyll.v1.Groups/List", [&site](const v1::ListRunsRequest& request, const Call&) {
            check_filter(request);
            v1::ListGroupsReply reply;
            for (v1::GroupInfo& group : site.runs.groups(request)) {
                *reply.add_groups() = std::move(group);
            }
            return reply;
        });
    dispatcher.answer<v1::GroupRequest, v1::GroupReply>(
        "phyll.v1.Groups/Get", [&site](const v1::GroupRequest& request, const Call&) {
            return site.runs.group(request.group());
        });
    dispatcher.stream<v1::WatchGroupRequest, v1::GroupWatchItem>(
        "phyll.v1.Groups/Watch",
        [&site](const auto& request, const auto& call) { watch(site, request, call); });
    dispatcher.answer<v1::GroupRequest, v1::GroupReply>(
        "phyll.v1.Groups/Cancel", [&site](const v1::GroupRequest& request, const Call&) {
            site.runs.cancel_group(request.group());
            return site.runs.group(request.group());
        });
}

} // namespace phyll::rpc
