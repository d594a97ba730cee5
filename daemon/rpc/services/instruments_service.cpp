// What rigs are made of: how each instrument was found, and what goes over its wire.

#include "daemon/rpc/services/services.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <phyll/v1/lab.pb.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace phyll::rpc {
namespace {

/// An instrument of a rig.
struct Used {
    std::string rig;
    rig::InstrumentView view;
};

std::map<std::string, Used> used_instruments(const rig::Lab& lab) {
    std::map<std::string, Used> used;
    for (const auto& rig : lab.rigs()) {
        for (rig::InstrumentView& view : rig->instruments()) {
            std::string name = view.name;
            used.insert_or_assign(std::move(name), Used{rig->name(), std::move(view)});
        }
    }
    return used;
}

void add_what_was_found(v1::InstrumentInfo& info, const Used& used) {
    const instruments::InstrumentStatus& status = used.view.status;
    info.set_rig(used.rig);
    info.set_state(status.connected ? v1::InstrumentInfo::CONNECTED
                                    : v1::InstrumentInfo::DISCONNECTED);
    info.set_reason(utf8(status.reason));
    info.set_maker(utf8(status.identity.maker));
    info.set_model(utf8(status.identity.model));
    info.set_serial(utf8(status.identity.serial));
    info.set_firmware(utf8(status.identity.firmware));
    info.set_dialect(status.dialect);
    info.set_output(status.output);
    info.set_traced(used.view.log->on());
    info.set_reconnects(status.reconnects);
}

v1::InstrumentsReply list(const Site& site) {
    const std::map<std::string, Used> used = used_instruments(site.lab);
    v1::InstrumentsReply reply;
    for (const v1::InstrumentConfig& configured : site.config.instruments()) {
        v1::InstrumentInfo& info = *reply.add_instruments();
        info.set_name(configured.name());
        info.set_kind(configured.kind());
        info.set_address(configured.address());
        info.set_virtual_(configured.virtual_());
        info.set_state(v1::InstrumentInfo::UNUSED);
        if (const auto found = used.find(configured.name()); found != used.end()) {
            add_what_was_found(info, found->second);
        }
    }
    return reply;
}

/// Throws NOT_FOUND where there is no such instrument, FAILED_PRECONDITION where nobody talks to
/// it.
std::shared_ptr<transports::TrafficLog> log_of(const Site& site, const std::string& name) {
    const std::map<std::string, Used> used = used_instruments(site.lab);
    if (const auto found = used.find(name); found != used.end()) {
        return found->second.view.log;
    }
    std::vector<std::string> names;
    for (const v1::InstrumentConfig& configured : site.config.instruments()) {
        if (configured.name() == name) {
            throw Error(Code::failed_precondition,
                        fmt::format("no rig is made of {}, so that nobody talks to it", name));
        }
        names.push_back(configured.name());
    }
    throw Error(
        Code::not_found,
        fmt::format("no instrument is named {}; there {}", in_quotes(name),
                    names.empty() ? "is none" : fmt::format("are: {}", fmt::join(names, ", "))));
}

v1::TraceReply trace(const Site& site, const v1::TraceRequest& request, const Call& call) {
    const std::shared_ptr<transports::TrafficLog> log = log_of(site, request.instrument());
    if (request.has_on() && request.on() != log->on()) {
        log->turn(request.on());
        spdlog::info("instrument {}: {} turns its trace {}", in_quotes(request.instrument()),
                     call.caller().name, request.on() ? "on" : "off");
    }
    v1::TraceReply reply;
    reply.set_on(log->on());
    for (const transports::TrafficLog::Entry& entry : log->after(request.after())) {
        v1::TracedMessage& message = *reply.add_messages();
        message.set_number(entry.number);
        message.set_time(Seconds(entry.time.time_since_epoch()).count());
        message.set_sent(entry.kind == transports::TrafficLog::Kind::sent);
        message.set_remark(entry.kind == transports::TrafficLog::Kind::remark);
        message.set_text(utf8(entry.text));
    }
    return reply;
}

} // namespace

void add_instruments_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.answer<v1::InstrumentsRequest, v1::InstrumentsReply>(
        "phyll.v1.Lab/Instruments",
        [&site](const v1::InstrumentsRequest&, const Call&) { return list(site); });
    dispatcher.answer<v1::TraceRequest, v1::TraceReply>(
        "phyll.v1.Lab/Trace", [&site](const v1::TraceRequest& request, const Call& call) {
            return trace(site, request, call);
        });
}

} // namespace phyll::rpc
