#include "daemon/rpc/services/desk.hpp"
#include "daemon/rpc/services/services.hpp"

#include <phyll/v1/lab.pb.h>

namespace phyll::rpc {
namespace {

void examine(const Site& site, const std::shared_ptr<Call>& call) {
    // What the loop alone may look at is gathered here.
    std::vector<doctor::ExaminedRig> rigs;
    for (const auto& rig : site.lab.rigs()) {
        rigs.push_back({.info = describe(*rig, site), .given_up = rig->given_up()});
    }
    aside(
        site.examinations, site, call,
        [&site, config = site.config, rigs = std::move(rigs), stop = call->stop_token()] {
            v1::ExamineReply reply;
            for (v1::Examined& line : site.examine(config, rigs, stop)) {
                *reply.add_examined() = std::move(line);
            }
            // Last: by this the client tells how its clock differs.
            reply.set_time(Seconds(site.clock.wall().time_since_epoch()).count());
            return reply;
        },
        [call](const v1::ExamineReply& reply) { call->reply(reply); });
}

} // namespace

void add_examine_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.serve<v1::ExamineRequest, v1::ExamineReply>(
        "phyll.v1.Lab/Examine",
        [&site](const v1::ExamineRequest&, const auto& call) { examine(site, call); });
}

} // namespace phyll::rpc
