#include "daemon/rig/snapshot_wire.hpp"

#include "drivers/core/error.hpp"

#include <google/protobuf/repeated_field.h>

#include <bit>
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

void write(const rigs::FrameSnapshot& frame, v1::SnapshotReply& reply) {
    v1::FrameSnapshot& out = *reply.mutable_frame();
    out.set_width(static_cast<std::uint32_t>(frame.frame.width));
    out.set_height(static_cast<std::uint32_t>(frame.frame.height));
    out.set_bits(frame.frame.bits);
    out.set_exposure(frame.setup.exposure.count());
    out.set_gain(frame.setup.gain);
    out.set_binning(frame.setup.binning);
    out.set_x(static_cast<std::uint32_t>(frame.setup.region.x));
    out.set_y(static_cast<std::uint32_t>(frame.setup.region.y));
    std::string& counts = *out.mutable_counts();
    counts.reserve(2 * frame.frame.counts.size());
    for (const std::uint16_t count : frame.frame.counts) {
        counts.push_back(static_cast<char>(count & 0xFFU));
        counts.push_back(static_cast<char>(count >> 8U));
    }
}

void write(const rigs::SoundSnapshot& sound, v1::SnapshotReply& reply) {
    static_assert(std::endian::native == std::endian::little);
    v1::SoundSnapshot& out = *reply.mutable_sound();
    out.set_rate(sound.rate);
    out.set_channels(static_cast<std::uint32_t>(sound.channels));
    out.set_full_scale(sound.full_scale);
    out.set_samples(sound.samples.data(), sound.samples.size() * sizeof(float));
    out.mutable_tones()->Assign(sound.tones.begin(), sound.tones.end());
    out.mutable_bins()->Assign(sound.bins.begin(), sound.bins.end());
}

} // namespace

rigs::Pose from_wire(const v1::Pose& pose) {
    switch (pose.what_case()) {
    case v1::Pose::kChannel:
        return rigs::ChannelDrive{.channel = pose.channel().channel(),
                                  .drive = pose.channel().drive()};
    case v1::Pose::kPattern:
        return rigs::NamedPattern{pose.pattern()};
    case v1::Pose::kPicture: {
        const v1::Picture& picture = pose.picture();
        return rigs::WholePicture{.size = {.width = picture.width(), .height = picture.height()},
                                  .levels = {picture.levels().begin(), picture.levels().end()}};
    }
    case v1::Pose::kTone: {
        rigs::Tone tone{.frequency = pose.tone().frequency(), .amplitude = pose.tone().amplitude()};
        if (pose.tone().has_output()) {
            tone.output = pose.tone().output();
        }
        return tone;
    }
    case v1::Pose::WHAT_NOT_SET:
        break;
    }
    throw invalid_field("pose", "missing; a channel, a pattern, a picture or a tone is needed");
}

v1::SnapshotReply to_wire(const rigs::Snapshot& snapshot) {
    v1::SnapshotReply reply;
    std::visit([&](const auto& what) { write(what, reply); }, snapshot);
    return reply;
}

} // namespace phyll::rig
