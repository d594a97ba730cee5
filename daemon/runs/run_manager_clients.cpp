// Runs that clients drive themselves, as the run manager keeps them.

#include "daemon/runs/clients/client_attempt.hpp"
#include "daemon/runs/run_manager.hpp"
#include "daemon/runs/run_state.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::runs {
namespace {

v1::RunSpec spec_of(const v1::OpenRequest& request) {
    v1::RunSpec spec;
    spec.set_name(request.name());
    spec.set_note(request.note());
    spec.set_seed(request.seed());
    spec.mutable_training()->set_reuse(request.reuse() ? "run" : "off");
    for (const std::string& rig : request.rigs()) {
        spec.add_rigs()->set_name(rig);
    }
    return spec;
}

v1::RunInfo info_of(const v1::OpenRequest& request, const std::string& by, double now) {
    v1::RunInfo info;
    info.set_kind(v1::CLIENT);
    info.set_name(request.name().empty() ? "client" : request.name());
    info.set_note(request.note());
    info.set_seed(request.seed());
    info.set_priority(request.priority());
    info.set_submitted_by(by);
    info.set_submitted(now);
    *info.mutable_rigs() = request.rigs();
    return info;
}

} // namespace

std::uint64_t RunManager::open(const v1::OpenRequest& request, const ClientTerms& terms,
                               Opened done, StillWaits waits) {
    const std::uint64_t run = opened_run(request, terms.by);
    if (const v1::RunInfo info = get(run).info; is_final(info.state())) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {} is over: {}; open another", run, name_of(info.state())));
    }
    Active& known = active(run);
    check_opened(run, known, request.resume() == 0);
    if (known.lease == 0) {
        require_free(known.rigs, request.wait());
        known.client = ClientSide{.token = terms.token, .time_to_live = terms.time_to_live};
    }
    if (!known.client->desk) {
        known.client->desk = std::make_shared<ClientDesk>();
    }
    known.client->openers.push_back(std::move(waits));
    greet(run, *known.client, std::move(done));
    const bool in_line = known.control.state() == v1::QUEUED && known.lease != 0;
    if (!known.control.working() && !in_line) {
        tell(run, [&](RunControl& control) {
            return control.state() == v1::QUEUED ? control.enqueue() : control.resume();
        });
    }
    return run;
}

std::uint64_t RunManager::opened_run(const v1::OpenRequest& request, const std::string& by) {
    if (request.resume() != 0) {
        return request.resume();
    }
    const std::string& key = request.idempotency_key();
    if (const auto before = store_.run_with_key(key)) {
        return *before;
    }
    require_free({request.rigs().begin(), request.rigs().end()}, request.wait());
    return store_.add_run(info_of(request, by, wall_seconds(clock_)), spec_of(request), key);
}

void RunManager::require_free(const std::set<std::string>& rigs, bool wait) const {
    const std::string obstacle = lab_.leases().obstacle(rigs);
    if (!wait && !obstacle.empty()) {
        throw Error(Code::failed_precondition,
                    fmt::format("{}; wait for it or ask again later", obstacle));
    }
}

void RunManager::check_opened(std::uint64_t run, const Active& known, bool again) const {
    if (!known.control.is_clients()) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {} is none that a client drives: it has a run file", run));
    }
    if (!again && (known.control.working() || is_being_opened(known))) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {} is driven by its client; it can be opened again when that "
                                "has gone and its lease has ended",
                                run));
    }
}

bool RunManager::is_being_opened(const Active& known) {
    return known.client && std::ranges::any_of(known.client->openers,
                                               [](const StillWaits& waits) { return waits(); });
}

void RunManager::greet(std::uint64_t run, const ClientSide& client, Opened done) {
    const auto opening = std::make_shared<Opening>();
    opening->run = run;
    opening->token = client.token;
    client.desk->post(
        {.work =
             [opening](ClientAttempt& attempt) {
                 ClientAttempt::Start start = attempt.start();
                 opening->checkpoint = std::move(start.state);
                 opening->journaled = start.journaled;
             },
         .done =
             [this, opening, done = std::move(done)](std::exception_ptr failure) {
                 post_([opening, done, failure = std::move(failure)] { done(failure, *opening); });
             }});
}

void RunManager::give_up_opening(std::uint64_t run, bool has_key) {
    const auto found = active_.find(run);
    if (found != active_.end() && !has_key && !is_being_opened(found->second) &&
        found->second.control.state() == v1::QUEUED && get(run).info.started() == 0) {
        tell_or_drop(run, [](RunControl& control) { return control.cancel(); });
    }
}

void RunManager::leave_desk(std::uint64_t run, ClientDesk& desk) {
    if (const auto found = active_.find(run); found != active_.end()) {
        found->second.client->desk = nullptr;
        found->second.client->openers.clear();
    }
    const v1::RunInfo info = get(run).info;
    desk.close(Error(Code::aborted, fmt::format("run {} is {}{}{}", run, name_of(info.state()),
                                                info.reason().empty() ? "" : ": ", info.reason())));
}

ClientDesk& RunManager::desk_of(std::uint64_t run, const std::string& token) {
    const auto found = active_.find(run);
    const bool working = found != active_.end() && found->second.control.working();
    if (!working || !found->second.client || !found->second.client->desk) {
        const v1::RunInfo info = get(run).info;
        throw Error(Code::failed_precondition,
                    info.kind() != v1::CLIENT
                        ? fmt::format("run {} is none that a client drives", run)
                        : fmt::format("run {} is {}{}{}; only one that was opened can be asked",
                                      run, name_of(info.state()), info.reason().empty() ? "" : ": ",
                                      info.reason()));
    }
    const ClientSide& client = *found->second.client;
    if (client.token != token) {
        throw Error(Code::permission_denied,
                    fmt::format("the request does not carry the lease of run {}: the token that "
                                "opening it gave",
                                run));
    }
    return *client.desk;
}

} // namespace phyll::runs
