#pragma once

#include "drivers/core/journal/header.hpp"
#include "drivers/core/journal/records.hpp"
#include "drivers/core/sample_codec.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace phyll::journal {

/// How the samples of a rig are stored.
struct RigCodecs {
    explicit RigCodecs(const RigEntry& rig)
        : stimulus(rig.stimulus_storage, rig.n_in), response(rig.response_storage, rig.n_out) {}

    SampleCodec stimulus;
    SampleCodec response;
};

/// A block of facts as it lies in the file: valid as long as its Reader.
/// Samples are counted from 0 within the block.
class FactsView {
  public:
    std::uint32_t rig = 0;
    Purpose purpose = Purpose::training;
    std::uint64_t key = 0;
    std::uint64_t first_number = 0;
    std::uint32_t samples = 0;
    std::uint32_t layer = no_layer;
    std::uint32_t era = 0;

    [[nodiscard]] StimulusHash hash(std::size_t sample) const;
    /// The sample's, or the block's when that is all there is; nothing when no time was kept.
    [[nodiscard]] std::optional<FactTime> time(std::size_t sample) const;

    /// As stored. The first sample's bytes are aligned to 8.
    [[nodiscard]] std::span<const std::byte> stimulus_bytes(std::size_t sample) const;
    [[nodiscard]] std::span<const std::byte> response_bytes(std::size_t sample) const;

    /// `into` has n_in (n_out) places.
    void read_stimulus(std::size_t sample, std::span<float> into) const;
    void read_response(std::size_t sample, std::span<float> into) const;

    /// The view of a whole record; nothing when its fields contradict each other or the header.
    [[nodiscard]] static std::optional<FactsView> of(std::span<const std::byte> record,
                                                     std::span<const RigCodecs> rigs);

  private:
    const RigCodecs* codecs_ = nullptr;
    std::uint32_t times_ = 0;
    std::span<const std::byte> hashes_bytes_;
    std::span<const std::byte> times_bytes_;
    std::span<const std::byte> stimuli_bytes_;
    std::span<const std::byte> responses_bytes_;
};

/// What some measurements were of, as it lies in the file: valid as long as its Reader.
class OriginsView {
  public:
    std::uint32_t rig = 0;
    Purpose purpose = Purpose::training;
    std::uint64_t first_number = 0;
    std::uint32_t samples = 0;
    Split split = Split::training;

    /// Samples are counted from 0 within the record.
    [[nodiscard]] Origin origin(std::size_t sample) const;

    /// The view of a whole record; nothing when its fields contradict each other or the header.
    [[nodiscard]] static std::optional<OriginsView> of(std::span<const std::byte> record,
                                                       std::size_t rigs);

  private:
    std::span<const std::byte> origins_bytes_;
};

/// `type` and `bytes` point into the file. Nothing when the fields contradict each other.
[[nodiscard]] std::optional<Raw> raw_of(std::span<const std::byte> record, std::size_t rigs);
[[nodiscard]] std::optional<Mark> mark_of(std::span<const std::byte> record, std::size_t rigs);

/// What a journal holds.
using RecordView = std::variant<FactsView, Raw, Mark, OriginsView>;

} // namespace phyll::journal
