#include "daemon/config/load.hpp"
#include "daemon/rpc/services/desk.hpp"
#include "daemon/rpc/services/services.hpp"
#include "daemon/runs/differences.hpp"
#include "daemon/runs/group_summary.hpp"
#include "daemon/runs/job.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace phyll::rpc {
namespace {

/// Epochs in one answer.
constexpr std::size_t most_epochs = 10'000;

void check(const Site& site, const v1::CheckRequest& request, const std::shared_ptr<Call>& call) {
    at_desk(
        site, call,
        [&site, request, find = site.runs.find_rig()] {
            v1::RunSpec spec = read_run_file(request.file(), site.options);
            choose_rigs(site, request.simulate(), spec);
            runs::check_files(request.files(), runs::data_files_of(spec));
            return runs::outlook(
                spec, runs::prepare(spec, find, site.runs.reader()(request.files())), find);
        },
        [call](const v1::CheckReply& reply) { call->reply(reply); });
}

v1::RunSpec spec_of(const v1::SubmitRequest& request, const config::OptionsResolver& options) {
    if (request.has_file()) {
        return read_run_file(request.file(), options);
    }
    if (!request.has_spec()) {
        throw invalid_field("job", "missing; give a run file or a run spec");
    }
    v1::RunSpec spec = request.spec();
    config::check_run_spec(spec, options);
    return spec;
}

void submit(const Site& site, const v1::SubmitRequest& request, const std::shared_ptr<Call>& call) {
    check_priority(request.priority());
    at_desk(
        site, call,
        [&site, request, find = site.runs.find_rig()] {
            runs::RunRecord record;
            record.spec = spec_of(request, site.options);
            choose_rigs(site, request.simulate(), record.spec);
            runs::check_files(request.files(), runs::data_files_of(record.spec));
            *record.info.mutable_files() = request.files();
            const runs::Job job =
                runs::prepare(record.spec, find, site.runs.reader()(request.files()));
            record.info.set_test_data(runs::test_data_of(record.spec.data(), job.data.split));
            return record;
        },
        [&site, request, call](const runs::RunRecord& prepared) {
            const v1::RunSpec& spec = prepared.spec;
            v1::RunInfo info = prepared.info;
            info.set_name(request.name().empty() ? spec.name() : request.name());
            info.set_note(request.note().empty() ? spec.note() : request.note());
            info.set_submitted_by(call->caller().name);
            *info.mutable_overrides() = request.file().overrides();
            info.set_priority(request.priority());
            v1::SubmitReply reply;
            reply.set_run(
                site.runs.submit(info, spec, request.file().text(), request.idempotency_key()));
            call->reply(reply);
        });
}

/// Sends what happens to a run until it is over or the client has gone.
void watch(const Site& site, const v1::WatchRequest& request, const std::shared_ptr<Call>& call) {
    check_after_event(site, request.after_event());
    v1::WatchItem snapshot;
    *snapshot.mutable_snapshot() = site.runs.get(request.run()).info;
    call->item(snapshot);
    if (const auto progress = site.runs.progress(request.run())) {
        v1::WatchItem item;
        *item.mutable_progress() = *progress;
        call->item(item);
    }
    const runs::Watches::Id id =
        site.runs.watches().add({request.run()}, request.after_event(),
                                {.event =
                                     [call](std::uint64_t, const v1::Event& event) {
                                         v1::WatchItem item;
                                         *item.mutable_event() = event;
                                         call->item(item);
                                     },
                                 .progress =
                                     [call](std::uint64_t, const v1::Progress& progress) {
                                         v1::WatchItem item;
                                         *item.mutable_progress() = progress;
                                         call->item(item);
                                     },
                                 .over = [call] { call->end(); }});
    call->when_over([&site, id] { site.runs.watches().remove(id); });
}

v1::RunMetricsReply metrics(const runs::RunManager& manager, const v1::RunMetricsRequest& request) {
    const std::size_t limit =
        request.limit() == 0 ? most_epochs : std::min<std::size_t>(request.limit(), most_epochs);
    v1::RunMetricsReply reply;
    for (v1::Event& epoch : manager.epochs(request.run(), request.after_event(), limit)) {
        *reply.add_epochs() = std::move(epoch);
    }
    return reply;
}

void remove(runs::RunManager& manager, const v1::RemoveRequest& request) {
    if (request.runs().empty() && request.groups().empty()) {
        throw invalid_field("runs", "is empty; name the runs or groups to remove");
    }
    manager.remove({request.runs().begin(), request.runs().end()},
                   {request.groups().begin(), request.groups().end()});
}

} // namespace

void add_runs_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.serve<v1::CheckRequest, v1::CheckReply>(
        "phyll.v1.Runs/Check",
        [&site](const auto& request, const auto& call) { check(site, request, call); });
    dispatcher.serve<v1::SubmitRequest, v1::SubmitReply>(
        "phyll.v1.Runs/Submit",
        [&site](const auto& request, const auto& call) { submit(site, request, call); });
    dispatcher.answer<v1::ListRunsRequest, v1::ListRunsReply>(
        "phyll.v1.Runs/List", [&site](const v1::ListRunsRequest& request, const Call&) {
            check_filter(request);
            v1::ListRunsReply reply;
            for (v1::RunInfo& info : site.runs.list(request)) {
                *reply.add_runs() = std::move(info);
            }
            return reply;
        });
    dispatcher.answer<v1::RunRequest, v1::RunReply>(
        "phyll.v1.Runs/Get", [&site](const v1::RunRequest& request, const Call&) {
            return run_reply(site.runs, request.run());
        });
    dispatcher.stream<v1::WatchRequest, v1::WatchItem>(
        "phyll.v1.Runs/Watch",
        [&site](const auto& request, const auto& call) { watch(site, request, call); });
    dispatcher.answer<v1::ReplayRequest, v1::SubmitReply>(
        "phyll.v1.Runs/Replay", [&site](const v1::ReplayRequest& request, const Call& call) {
            v1::SubmitReply reply;
            reply.set_run(site.runs.replay(request, call.caller().name));
            return reply;
        });
    dispatcher.answer<v1::RemoveRequest, v1::RemoveReply>(
        "phyll.v1.Runs/Remove", [&site](const v1::RemoveRequest& request, const Call&) {
            remove(site.runs, request);
            return v1::RemoveReply();
        });
    dispatcher.answer<v1::RunMetricsRequest, v1::RunMetricsReply>(
        "phyll.v1.Runs/Metrics", [&site](const v1::RunMetricsRequest& request, const Call&) {
            return metrics(site.runs, request);
        });
    dispatcher.answer<v1::DiffRequest, v1::DiffReply>(
        "phyll.v1.Runs/Diff", [&site](const v1::DiffRequest& request, const Call&) {
            v1::DiffReply reply;
            for (v1::Difference& difference :
                 runs::differences(site.runs.get(request.a()), site.runs.get(request.b()))) {
                *reply.add_differences() = std::move(difference);
            }
            return reply;
        });
}

} // namespace phyll::rpc
