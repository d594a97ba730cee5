#include "daemon/rig/snapshot_wire.hpp"

#include <google/protobuf/repeated_field.h>

#include <variant>

namespace phyll::rig {
namespace {

/// Of a network analyser's connectors.
constexpr double reference_ohm = 50.0;

using Numbers = google::protobuf::RepeatedField<float>;

void add(const instruments::SweepValues& values, Numbers& numbers) {
    numbers.Reserve(static_cast<int>(2 * values.size()));
    for (const std::complex<float>& value : values) {
        numbers.Add(value.real());
        numbers.Add(value.imag());
    }
}

void write(const rigs::SweepSnapshot& sweep, v1::SnapshotReply& reply) {
    v1::SweepSnapshot& out = *reply.mutable_sweep();
    for (std::size_t k = 0; k < sweep.setup.points; ++k) {
        out.add_frequencies(sweep.setup.frequency(k).value);
    }
    out.set_reference(reference_ohm);
    out.set_power(sweep.setup.power.value);
    out.set_if_bandwidth(sweep.setup.if_bandwidth.value);
    add(sweep.values[0], *out.mutable_s11());
    add(sweep.values[1], *out.mutable_s21());
    add(sweep.values[2], *out.mutable_s12());
    add(sweep.values[3], *out.mutable_s22());
}

} // namespace

v1::SnapshotReply to_wire(const rigs::Snapshot& snapshot) {
    v1::SnapshotReply reply;
    std::visit([&](const auto& what) { write(what, reply); }, snapshot);
    return reply;
}

} // namespace phyll::rig
