#include "daemon/rig/evidence.hpp"
#include "daemon/rpc/services/services.hpp"
#include "drivers/core/text.hpp"

#include <phyll/v1/lab.pb.h>

namespace phyll::rpc {
namespace {

v1::StorageFormat describe(const StorageFormat& format) {
    v1::StorageFormat out;
    switch (format.kind) {
    case StorageFormat::Kind::bits:
        out.set_kind(v1::StorageFormat::BITS);
        break;
    case StorageFormat::Kind::u8:
        out.set_kind(v1::StorageFormat::U8);
        break;
    case StorageFormat::Kind::u16_scaled:
        out.set_kind(v1::StorageFormat::U16_SCALED);
        break;
    case StorageFormat::Kind::float32:
        out.set_kind(v1::StorageFormat::FLOAT32);
        break;
    }
    out.set_scale(format.scale);
    out.set_offset(format.offset);
    return out;
}

v1::LayerSpec describe(const LayerSpec& spec) {
    v1::LayerSpec out;
    out.set_kind(spec.kind);
    for (const DriveChannel& channel : spec.inputs) {
        v1::DriveChannel& input = *out.add_inputs();
        input.set_name(utf8(channel.name)); // as a file has it
        input.set_unit(channel.unit);
        input.set_at_zero(channel.at_zero);
        input.set_at_one(channel.at_one);
        input.set_levels(channel.levels);
    }
    for (const ResponseChannel& channel : spec.outputs) {
        v1::ResponseChannel& output = *out.add_outputs();
        output.set_name(utf8(channel.name));
        output.set_unit(channel.unit);
        output.set_minimum(channel.minimum);
        output.set_maximum(channel.maximum);
        output.set_note(utf8(channel.note));
    }
    *out.mutable_stimulus_storage() = describe(spec.stimulus_storage);
    *out.mutable_response_storage() = describe(spec.response_storage);
    out.set_max_batch(static_cast<std::uint32_t>(spec.max_batch));
    out.set_seconds_per_sample(spec.seconds_per_sample);
    out.set_deterministic(spec.deterministic);
    out.set_can_follow(spec.can_follow);
    out.set_closed_domain(spec.closed_domain);
    out.set_evidence(rig::to_wire(spec.evidence));
    out.set_evidence_of(utf8(spec.evidence_of));
    for (const std::string& note : spec.notes) {
        out.add_notes(utf8(note));
    }
    return out;
}

v1::Health describe(const Health& health) {
    v1::Health out;
    out.set_state(static_cast<v1::Health::State>(health.state));
    out.set_reason(utf8(health.reason)); // an instrument may say anything
    return out;
}

} // namespace

v1::RigInfo describe(const rig::RigThread& rig, const Site& site) {
    const rig::RigStatus status = rig.status();
    v1::RigInfo info;
    info.set_name(rig.name());
    *info.mutable_spec() = describe(rig.spec());
    *info.mutable_health() = describe(status.health);
    info.set_age(status.age);
    info.set_holder(site.lab.holder(rig.name()));
    info.set_safe(!status.driven && status.safe_state.state == SafeState::State::safe);
    info.set_safe_reason(utf8(status.safe_state.reason));
    const runs::RigEra era = site.store.rig_era(rig.name());
    info.set_era(era.era);
    info.set_era_since(era.since);
    info.set_era_reason(utf8(era.reason));
    return info;
}

void add_lab_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.answer<v1::DescribeRequest, v1::DescribeReply>(
        "phyll.v1.Lab/Describe", [&site](const v1::DescribeRequest&, const Call& call) {
            v1::DescribeReply reply;
            reply.set_version(site.version);
            reply.set_protocol(protocol_version);
            reply.set_kernel_level(site.host.kernel_level);
            reply.set_cpu_model(site.host.cpu_model);
            reply.mutable_endpoints()->Assign(site.endpoints.begin(), site.endpoints.end());
            reply.set_state_dir(site.state_dir);
            reply.set_data_dir(site.data_dir);
            reply.set_role(call.caller().role);
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
