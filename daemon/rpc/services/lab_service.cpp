#include "daemon/rig/layer_spec_wire.hpp"
#include "daemon/rpc/services/services.hpp"
#include "drivers/core/text.hpp"

#include <phyll/v1/lab.pb.h>

namespace phyll::rpc {
namespace {

v1::Health describe(const Health& health) {
    v1::Health out;
    out.set_state(static_cast<v1::Health::State>(health.state));
    out.set_reason(utf8(health.reason)); // an instrument may say anything
    return out;
}

v1::RigBlock to_wire(const rig::RigBlock& block) {
    v1::RigBlock out;
    out.set_kind(block.kind == rig::BlockKind::stopped    ? v1::RigBlock::STOPPED
                 : block.kind == rig::BlockKind::disabled ? v1::RigBlock::DISABLED
                                                          : v1::RigBlock::NOT_SAFE);
    out.set_note(utf8(block.note));
    out.set_by(utf8(block.by));
    out.set_since(block.since);
    return out;
}

} // namespace

v1::RigInfo describe(const rig::RigThread& rig, const Site& site) {
    const rig::RigStatus status = rig.status();
    v1::RigInfo info;
    info.set_name(rig.name());
    *info.mutable_spec() = rig::to_wire(rig.spec());
    *info.mutable_health() = describe(status.health);
    info.set_age(status.age);
    info.set_holder(site.lab.holder(rig.name()));
    info.set_safe(!status.driven && status.safe_state.state == SafeState::State::safe);
    info.set_safe_reason(utf8(status.safe_state.reason));
    const runs::RigEra era = site.store.rig_era(rig.name());
    info.set_era(era.era);
    info.set_era_since(era.since);
    info.set_era_reason(utf8(era.reason));
    if (const auto calibration = rig.calibration()) {
        *info.mutable_calibration() = calibration->to_wire();
    }
    for (const rig::RigBlock& block : site.lab.leases().blocks(rig.name())) {
        *info.add_blocks() = to_wire(block);
    }
    return info;
}

void add_lab_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.answer<v1::DescribeRequest, v1::DescribeReply>(
        "phyll.v1.Lab/Describe", [&site](const v1::DescribeRequest&, const Call& call) {
            v1::DescribeReply reply;
            reply.set_version(site.version);
            reply.set_commit(site.commit);
            reply.set_protocol(protocol_version);
            reply.set_kernel_level(site.host.kernel_level);
            reply.set_cpu_model(site.host.cpu_model);
            reply.mutable_endpoints()->Assign(site.endpoints.begin(), site.endpoints.end());
            reply.set_state_dir(site.state_dir);
            reply.set_data_dir(site.data_dir);
            reply.set_role(call.caller().role);
            return reply;
        });
    dispatcher.answer<v1::MetricsRequest, v1::MetricsReply>(
        "phyll.v1.Lab/Metrics", [&site](const v1::MetricsRequest&, const Call&) {
            v1::MetricsReply reply;
            reply.set_text(site.metrics());
            return reply;
        });
    dispatcher.answer<v1::RigsRequest, v1::RigsReply>(
        "phyll.v1.Lab/Rigs", [&site](const v1::RigsRequest&, const Call&) {
            v1::RigsReply reply;
            for (const auto& rig : site.lab.rigs()) {
                *reply.add_rigs() = describe(*rig, site);
            }
            return reply;
        });
}

} // namespace phyll::rpc
