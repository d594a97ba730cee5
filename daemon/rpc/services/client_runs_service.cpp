// Runs whose scheme is a client's own.

#include "daemon/rpc/services/desk.hpp"
#include "daemon/runs/clients/client_attempt.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace phyll::rpc {
namespace {

constexpr std::size_t largest_state = std::size_t{16} << 20U;
constexpr int most_metrics = 1000;
constexpr std::size_t longest_metric = 100;

void open(const Site& site, const v1::OpenRequest& request, const std::shared_ptr<Call>& call) {
    check_note(request.note());
    check_priority(request.priority());
    if (request.resume() == 0) {
        const std::set<std::string> rigs(request.rigs().begin(), request.rigs().end());
        if (rigs.empty() || rigs.size() != static_cast<std::size_t>(request.rigs_size())) {
            throw invalid_field("rigs", rigs.empty() ? "is empty; name the rigs that the run asks"
                                                     : "names a rig twice");
        }
        for (const std::string& rig : rigs) {
            static_cast<void>(site.lab.rig(rig));
        }
        site.runs.check_calibrated(rigs);
    }
    const std::uint64_t run = site.runs.open(
        request,
        {.by = call->caller().name,
         .token = bound_token(*call, fresh_token()),
         .time_to_live = Seconds(time_to_live_of(request.time_to_live()))},
        [&site, call](const std::exception_ptr& failure, const runs::RunManager::Opening& opening) {
            if (failure) {
                fail(*call, failure);
                return;
            }
            v1::OpenReply reply;
            *reply.mutable_info() = site.runs.get(opening.run).info;
            reply.set_lease(wire_token(opening.token));
            if (opening.checkpoint) {
                reply.set_checkpoint(*opening.checkpoint);
            }
            reply.set_journaled(opening.journaled);
            call->reply(reply);
        },
        [call] { return !call->over(); });
    if (request.resume() == 0) {
        call->when_over([&site, run, has_key = !request.idempotency_key().empty()] {
            site.runs.give_up_opening(run, has_key);
        });
    }
}

/// Does `work` in its turn among the client's wishes, on the run's thread, and answers with what
/// `reply` makes of what it returned, on the loop.
template <class Work, class Reply>
void at_run(const Site& site, std::uint64_t run, const std::shared_ptr<Call>& call, Work work,
            Reply reply) {
    using Result = decltype(work(std::declval<runs::ClientAttempt&>()));
    const auto result = std::make_shared<Result>();
    site.runs.desk_of(run, lease_of(*call))
        .post({.work = [result, work = std::move(work)](
                           runs::ClientAttempt& attempt) { *result = work(attempt); },
               .done =
                   [&site, call, result, reply = std::move(reply)](std::exception_ptr failure) {
                       boost::asio::post(site.loop,
                                         [call, result, reply, failure = std::move(failure)] {
                                             failure ? fail(*call, failure) : reply(*result);
                                         });
                   }});
}

void ask_rig(const Site& site, const v1::RunQueryRequest& request,
             const std::shared_ptr<Call>& call) {
    const HeldBlock stimuli = call->read_payload(request.stimuli(), "stimuli");
    at_run(
        site, request.run(), call,
        [request, stimuli](runs::ClientAttempt& attempt) {
            return attempt.query(request.rig(), stimuli.view(), request.evaluation());
        },
        [call](runs::ClientAttempt::Answer& answer) {
            v1::RunQueryReply reply;
            reply.set_measured(static_cast<std::uint32_t>(answer.measured));
            reply.set_recorded(static_cast<std::uint32_t>(answer.recorded));
            reply.set_reused(static_cast<std::uint32_t>(answer.reused));
            reply.set_hardware_seconds(answer.hardware_seconds);
            reply.set_era(answer.era);
            Frames frames;
            frames.push_back(give_block(std::move(answer.responses), *reply.mutable_responses()));
            call->reply(reply, std::move(frames));
        });
}

void check_metrics(const v1::RunLogRequest& request) {
    check_note(request.notice());
    if (request.metrics().size() > most_metrics) {
        throw invalid_field("metrics", fmt::format("{} of them; at most {} are kept at a time",
                                                   request.metrics().size(), most_metrics));
    }
    for (const auto& [name, value] : request.metrics()) {
        if (name.empty() || name.size() > longest_metric || !std::isfinite(value)) {
            throw invalid_field(fmt::format("metrics[{}]", in_quotes(name)),
                                fmt::format("{}; valid are finite numbers under names of 1 to {} "
                                            "bytes",
                                            value, longest_metric));
        }
    }
    if (request.metrics().empty() && request.notice().empty()) {
        throw invalid_field("metrics", "is empty, and there is no notice; give one of them");
    }
}

void log(const Site& site, const v1::RunLogRequest& request, const std::shared_ptr<Call>& call) {
    check_metrics(request);
    at_run(
        site, request.run(), call,
        [request](runs::ClientAttempt& attempt) {
            if (!request.notice().empty()) {
                attempt.note(request.notice());
            }
            if (request.metrics().empty()) {
                return std::uint64_t{0};
            }
            v1::LoggedMetrics metrics;
            *metrics.mutable_metrics() = request.metrics();
            metrics.set_step(request.step());
            return attempt.log(metrics);
        },
        [call](std::uint64_t event) {
            v1::RunLogReply reply;
            reply.set_event(event);
            call->reply(reply);
        });
}

void checkpoint(const Site& site, const v1::RunCheckpointRequest& request,
                const std::shared_ptr<Call>& call) {
    if (request.state().size() > largest_state) {
        throw invalid_field("state", fmt::format("{} bytes; at most {} are kept",
                                                 request.state().size(), largest_state));
    }
    at_run(
        site, request.run(), call,
        [request](runs::ClientAttempt& attempt) { return attempt.checkpoint(request.state()); },
        [call](std::uint64_t step) {
            v1::RunCheckpointReply reply;
            reply.set_step(step);
            call->reply(reply);
        });
}

void close(const Site& site, const v1::CloseRequest& request, const std::shared_ptr<Call>& call) {
    check_note(request.failed());
    // It is over when its watchers are told, with its result stored and its rigs safe.
    const auto watch = std::make_shared<runs::Watches::Id>();
    *watch = site.runs.watches().add(
        {request.run()}, UINT64_MAX >> 1U,
        {.event = [](std::uint64_t, const v1::Event&) {},
         .progress = [](std::uint64_t, const v1::Progress&) {},
         .over = [&site, call, run = request.run()] { call->reply(run_reply(site.runs, run)); }});
    call->when_over([&site, watch] { site.runs.watches().remove(*watch); });
    at_run(
        site, request.run(), call,
        [request](runs::ClientAttempt& attempt) {
            attempt.close(request.failed());
            return true;
        },
        [](bool) {});
}

} // namespace

void add_client_runs_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.serve<v1::OpenRequest, v1::OpenReply>(
        "phyll.v1.Runs/Open",
        [&site](const auto& request, const auto& call) { open(site, request, call); });
    dispatcher.serve<v1::RunQueryRequest, v1::RunQueryReply>(
        "phyll.v1.Runs/Query",
        [&site](const auto& request, const auto& call) { ask_rig(site, request, call); });
    dispatcher.serve<v1::RunLogRequest, v1::RunLogReply>(
        "phyll.v1.Runs/Log",
        [&site](const auto& request, const auto& call) { log(site, request, call); });
    dispatcher.serve<v1::RunCheckpointRequest, v1::RunCheckpointReply>(
        "phyll.v1.Runs/Checkpoint",
        [&site](const auto& request, const auto& call) { checkpoint(site, request, call); });
    dispatcher.serve<v1::CloseRequest, v1::RunReply>(
        "phyll.v1.Runs/Close",
        [&site](const auto& request, const auto& call) { close(site, request, call); });
}

} // namespace phyll::rpc
