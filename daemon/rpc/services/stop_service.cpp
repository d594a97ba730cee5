// How anybody stops a rig, and how it is given free again.

#include "daemon/rpc/services/services.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <phyll/v1/rigs.pb.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>
#include <vector>

namespace phyll::rpc {
namespace {

v1::RigReply reply_of(const Site& site, const std::string& rig) {
    v1::RigReply reply;
    *reply.mutable_rig() = describe(site.lab.rig(rig), site);
    return reply;
}

std::vector<std::string> rigs_to_stop(const Site& site, const v1::StopRequest& request) {
    if (request.all() != request.rig().empty()) {
        throw invalid_field("rig", request.all()
                                       ? "is named, and all are asked for; give one of the two"
                                       : "is empty; name a rig, or ask for all");
    }
    if (!request.all()) {
        return {request.rig()};
    }
    std::vector<std::string> names;
    for (const auto& rig : site.lab.rigs()) {
        names.push_back(rig->name());
    }
    return names;
}

void stop(const Site& site, const v1::StopRequest& request, const std::shared_ptr<Call>& call) {
    check_note(request.note());
    const std::vector<std::string> names = rigs_to_stop(site, request);
    spdlog::warn("emergency stop of {} by {}{}{}", fmt::join(names, ", "), call->caller().name,
                 request.note().empty() ? "" : ": ", request.note());
    site.lab.stop(names, call->caller().name, request.note(), [&site, call, names] {
        v1::StopReply reply;
        for (const std::string& name : names) {
            *reply.add_rigs() = describe(site.lab.rig(name), site);
        }
        call->reply(reply);
    });
}

/// A word on what was looked at, or why it may not be driven, is part of it.
void require_note(const std::string& note, const char* of_what) {
    check_note(note);
    if (note.empty()) {
        throw invalid_field("note", fmt::format("is empty; say {}", of_what));
    }
}

void disable(const Site& site, const v1::RigNoteRequest& request,
             const std::shared_ptr<Call>& call) {
    require_note(request.note(), "why nobody may drive the rig");
    spdlog::warn("rig {} is disabled by {}: {}", in_quotes(request.rig()), call->caller().name,
                 request.note());
    site.lab.disable(request.rig(), call->caller().name, request.note(),
                     [&site, call, rig = request.rig()] { call->reply(reply_of(site, rig)); });
}

} // namespace

void add_stop_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.serve<v1::StopRequest, v1::StopReply>(
        "phyll.v1.Rigs/Stop",
        [&site](const v1::StopRequest& request, const std::shared_ptr<Call>& call) {
            stop(site, request, call);
        });
    dispatcher.answer<v1::RigNoteRequest, v1::RigReply>(
        "phyll.v1.Rigs/Acknowledge", [&site](const v1::RigNoteRequest& request, const Call& call) {
            check_note(request.note());
            site.lab.acknowledge(request.rig());
            spdlog::warn("rig {} is acknowledged by {}{}{}", in_quotes(request.rig()),
                         call.caller().name, request.note().empty() ? "" : ": ", request.note());
            return reply_of(site, request.rig());
        });
    dispatcher.serve<v1::RigNoteRequest, v1::RigReply>(
        "phyll.v1.Rigs/Disable",
        [&site](const v1::RigNoteRequest& request, const std::shared_ptr<Call>& call) {
            disable(site, request, call);
        });
    dispatcher.answer<v1::RigRequest, v1::RigReply>(
        "phyll.v1.Rigs/Enable", [&site](const v1::RigRequest& request, const Call& call) {
            site.lab.enable(request.rig());
            spdlog::warn("rig {} is enabled by {}", in_quotes(request.rig()), call.caller().name);
            return reply_of(site, request.rig());
        });
}

} // namespace phyll::rpc
