#include "daemon/rig/layer_spec_wire.hpp"

#include "daemon/rig/evidence.hpp"
#include "drivers/core/text.hpp"

#include <algorithm>
#include <array>

namespace phyll::rig {
namespace {

v1::StorageFormat to_wire(const StorageFormat& format) {
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

StorageFormat from_wire(const v1::StorageFormat& format) {
    StorageFormat out{.scale = format.scale(), .offset = format.offset()};
    switch (format.kind()) {
    case v1::StorageFormat::BITS:
        out.kind = StorageFormat::Kind::bits;
        break;
    case v1::StorageFormat::U8:
        out.kind = StorageFormat::Kind::u8;
        break;
    case v1::StorageFormat::U16_SCALED:
        out.kind = StorageFormat::Kind::u16_scaled;
        break;
    default:
        out.kind = StorageFormat::Kind::float32;
        break;
    }
    return out;
}

Evidence from_wire(v1::Evidence evidence) {
    constexpr std::array all{Evidence::simulation, Evidence::virtual_instruments,
                             Evidence::replay_twin, Evidence::replay, Evidence::hardware};
    const auto found = std::ranges::find_if(
        all, [&](Evidence candidate) { return rig::to_wire(candidate) == evidence; });
    return found == all.end() ? Evidence::simulation : *found; // the weakest
}

} // namespace

v1::LayerSpec to_wire(const LayerSpec& spec) {
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
    *out.mutable_stimulus_storage() = to_wire(spec.stimulus_storage);
    *out.mutable_response_storage() = to_wire(spec.response_storage);
    out.set_max_batch(static_cast<std::uint32_t>(spec.max_batch));
    out.set_seconds_per_sample(spec.seconds_per_sample);
    out.set_deterministic(spec.deterministic);
    out.set_can_follow(spec.can_follow);
    out.set_closed_domain(spec.closed_domain);
    out.set_evidence(to_wire(spec.evidence));
    out.set_evidence_of(utf8(spec.evidence_of));
    for (const std::string& note : spec.notes) {
        out.add_notes(utf8(note));
    }
    for (const std::string& limit : spec.limits) {
        out.add_limits(utf8(limit));
    }
    return out;
}

LayerSpec from_wire(const v1::LayerSpec& spec) {
    LayerSpec out;
    out.kind = spec.kind();
    for (const v1::DriveChannel& input : spec.inputs()) {
        out.inputs.push_back({.name = input.name(),
                              .unit = input.unit(),
                              .at_zero = input.at_zero(),
                              .at_one = input.at_one(),
                              .levels = input.levels()});
    }
    for (const v1::ResponseChannel& output : spec.outputs()) {
        out.outputs.push_back({.name = output.name(),
                               .unit = output.unit(),
                               .minimum = output.minimum(),
                               .maximum = output.maximum(),
                               .note = output.note()});
    }
    out.stimulus_storage = from_wire(spec.stimulus_storage());
    out.response_storage = from_wire(spec.response_storage());
    out.max_batch = spec.max_batch();
    out.seconds_per_sample = spec.seconds_per_sample();
    out.deterministic = spec.deterministic();
    out.can_follow = spec.can_follow();
    out.closed_domain = spec.closed_domain();
    out.evidence = from_wire(spec.evidence());
    out.evidence_of = spec.evidence_of();
    out.notes.assign(spec.notes().begin(), spec.notes().end());
    out.limits.assign(spec.limits().begin(), spec.limits().end());
    return out;
}

} // namespace phyll::rig
