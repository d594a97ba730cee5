// How people hold a run up, let it go on, end it, and have it again.

#include "daemon/rpc/services/desk.hpp"

#include <optional>

namespace phyll::rpc {
namespace {

void pause(const Site& site, const v1::PauseRequest& request, const std::shared_ptr<Call>& call) {
    site.runs.pause(request.run(), request.release(), call->caller().name,
                    [&site, call, run = request.run()](const std::optional<Error>& refusal) {
                        if (refusal) {
                            call->fail(*refusal);
                        } else {
                            call->reply(run_reply(site.runs, run));
                        }
                    });
}

} // namespace

v1::RunReply run_reply(const runs::RunManager& manager, std::uint64_t run) {
    runs::RunRecord record = manager.get(run);
    v1::RunReply reply;
    *reply.mutable_info() = std::move(record.info);
    *reply.mutable_spec() = std::move(record.spec);
    if (const auto progress = manager.progress(run)) {
        *reply.mutable_progress() = *progress;
    }
    return reply;
}

void add_run_control_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.serve<v1::PauseRequest, v1::RunReply>(
        "phyll.v1.Runs/Pause",
        [&site](const auto& request, const auto& call) { pause(site, request, call); });
    dispatcher.answer<v1::RunRequest, v1::RunReply>(
        "phyll.v1.Runs/Resume", [&site](const v1::RunRequest& request, const Call&) {
            site.runs.resume(request.run());
            return run_reply(site.runs, request.run());
        });
    dispatcher.answer<v1::RunRequest, v1::RunReply>(
        "phyll.v1.Runs/Cancel", [&site](const v1::RunRequest& request, const Call&) {
            site.runs.cancel(request.run());
            return run_reply(site.runs, request.run());
        });
    dispatcher.answer<v1::PrioritiseRequest, v1::RunReply>(
        "phyll.v1.Runs/Prioritise",
        [&site](const v1::PrioritiseRequest& request, const Call& call) {
            check_priority(request.priority());
            site.runs.prioritise(request.run(), request.priority(), call.caller().name);
            return run_reply(site.runs, request.run());
        });
    dispatcher.answer<v1::RetryRequest, v1::SubmitReply>(
        "phyll.v1.Runs/Retry", [&site](const v1::RetryRequest& request, const Call& call) {
            v1::SubmitReply reply;
            reply.set_run(site.runs.retry(request, call.caller().name));
            return reply;
        });
}

} // namespace phyll::rpc
