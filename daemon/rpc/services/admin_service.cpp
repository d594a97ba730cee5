#include "daemon/config/rules.hpp"
#include "daemon/rpc/services/desk.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <phyll/v1/admin.pb.h>
#include <phyll/v1/config.pb.h>

#include <boost/asio/post.hpp>

#include <spdlog/spdlog.h>

#include <exception>
#include <functional>
#include <memory>
#include <utility>

namespace phyll::rpc {
namespace {

/// Does `what` on the rig's own thread, where it may wait behind a query, then `then` on the loop.
void simulate(const Site& site, rig::RigThread& rig, const std::shared_ptr<Call>& call,
              std::function<void(rig::SimulationControls&)> what, std::function<void()> then) {
    rig.simulate(
        std::move(what), [&site, call, then = std::move(then)](const std::exception_ptr& failure) {
            boost::asio::post(site.loop,
                              [call, then, failure] { failure ? fail(*call, failure) : then(); });
        });
}

void perturb(const Site& site, const v1::PerturbRequest& request,
             const std::shared_ptr<Call>& call) {
    const auto amount = std::make_shared<double>(0.0);
    simulate(
        site, site.lab.rig(request.rig()), call,
        [amount, fraction = request.fraction()](rig::SimulationControls& controls) {
            *amount = controls.perturb(fraction);
        },
        [call, amount, request] {
            spdlog::info("rig {} is perturbed by {:g}, as {} asked", in_quotes(request.rig()),
                         request.fraction(), call->caller().name);
            v1::PerturbReply reply;
            reply.set_amount(*amount);
            call->reply(reply);
        });
}

void inject_fault(const Site& site, const v1::InjectFaultRequest& request,
                  const std::shared_ptr<Call>& call) {
    v1::FaultConfig fault;
    fault.set_kind(request.kind());
    fault.set_at_query(request.after());
    fault.set_count(request.count());
    simulate(
        site, site.lab.rig(request.rig()), call,
        [fault](rig::SimulationControls& controls) { controls.inject(fault); },
        [call, request] {
            spdlog::info("rig {} will have the fault '{}', as {} asked", in_quotes(request.rig()),
                         request.kind(), call->caller().name);
            call->reply(v1::InjectFaultReply());
        });
}

/// Empty: it stays as it is.
v1::SetLogLevelReply set_log_level(const std::string& level, const Call& call) {
    const auto name_of_level = [] {
        const spdlog::string_view_t name = spdlog::level::to_string_view(spdlog::get_level());
        return name == "warning" ? std::string("warn") : std::string(name.data(), name.size());
    };
    v1::SetLogLevelReply reply;
    reply.set_before(name_of_level());
    if (!level.empty()) {
        const auto& field = *v1::DaemonConfig::descriptor()->FindFieldByName("log_level");
        if (const auto violation = config::violation_of(field, level)) {
            throw invalid_field("level", *violation);
        }
        spdlog::set_level(spdlog::level::from_str(level));
        spdlog::info("log level {} after {}, as {} asked", level, reply.before(),
                     call.caller().name);
    }
    reply.set_level(name_of_level());
    return reply;
}

} // namespace

void add_admin_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.serve<v1::PerturbRequest, v1::PerturbReply>(
        "phyll.v1.Admin/Perturb",
        [&site](const auto& request, const auto& call) { perturb(site, request, call); });
    dispatcher.serve<v1::InjectFaultRequest, v1::InjectFaultReply>(
        "phyll.v1.Admin/InjectFault",
        [&site](const auto& request, const auto& call) { inject_fault(site, request, call); });
    dispatcher.answer<v1::SetLogLevelRequest, v1::SetLogLevelReply>(
        "phyll.v1.Admin/SetLogLevel", [](const v1::SetLogLevelRequest& request, const Call& call) {
            return set_log_level(request.level(), call);
        });
}

} // namespace phyll::rpc
