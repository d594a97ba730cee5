#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/core/sample_block.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace phyll::journal {

/// A place in a journal: the offset of the byte behind a record. What is before it is "through" it.
using Position = std::uint64_t;

/// What was told to the device by a stimulus: 128 bits. The journal compares them, and computes
/// none.
using StimulusHash = std::array<unsigned char, 16>;

/// What a measurement was for. Borrowed ones were made by another run, and are kept once more.
enum class Purpose : std::uint32_t {
    training,
    evaluation,
    sentinel,
    characterisation,
    direct,
    borrowed
};
inline constexpr std::uint32_t purposes = 6;

inline constexpr std::uint32_t no_layer = UINT32_MAX; ///< not for a layer of a network
inline constexpr std::uint32_t no_rig = UINT32_MAX;   ///< a mark that is about no rig

/// When something was measured; to the nanosecond.
struct FactTime {
    Clock::Wall start;
    Clock::Wall end;

    bool operator==(const FactTime&) const = default;
};

/// What one query measured: samples with consecutive numbers of one rig. Owns nothing.
struct Facts {
    std::uint32_t rig = 0; ///< place in the header
    Purpose purpose = Purpose::training;
    std::uint64_t key = 0;
    std::uint64_t first_number = 0; ///< sample i has first_number + i
    std::uint32_t layer = no_layer;
    std::uint32_t era = 0;
    ConstBlock stimuli{};                   ///< n_in x samples
    ConstBlock responses{};                 ///< n_out x samples
    std::span<const StimulusHash> hashes{}; ///< one per sample
    std::span<const FactTime> times{};      ///< one per sample, one for the block, or none
};

/// What the instrument really gave for some samples. Owns nothing.
struct Raw {
    std::uint32_t rig = 0;
    Purpose purpose = Purpose::training;
    std::uint64_t first_number = 0;
    std::uint32_t samples = 1;
    std::string_view type{}; ///< what the bytes are: "complex64 sweep, 201 points"
    std::span<const std::byte> bytes{};
};

/// What part of a run's data a stimulus shows.
enum class Split : std::uint32_t { training, test };
inline constexpr std::uint32_t splits = 2;

inline constexpr std::uint32_t no_sample = UINT32_MAX; ///< nothing of the data was shown
inline constexpr std::uint32_t no_label = UINT32_MAX;

/// What one measurement was of.
struct Origin {
    std::uint32_t sample = no_sample; ///< its place in the split
    std::uint32_t label = no_label;   ///< that the stimulus showed, right or wrong

    bool operator==(const Origin&) const = default;
};

/// What the measurements with consecutive numbers of one rig were of. Owns nothing.
struct Origins {
    std::uint32_t rig = 0;
    Purpose purpose = Purpose::training;
    std::uint64_t first_number = 0;
    Split split = Split::training;
    std::span<const Origin> samples{}; ///< at least one
};

/// `changed`: touched, too, but found before sentinels were measured that were due.
enum class MarkKind : std::uint32_t { era_ended, touched, perturbed, note, changed };
inline constexpr std::uint32_t mark_kinds = 5;

/// Something that happened between two measurements.
struct Mark {
    MarkKind kind = MarkKind::note;
    std::uint32_t rig = no_rig;
    std::uint64_t number = 0; ///< of the rig's first sample after it
    std::uint32_t era = 0;    ///< the rig's era before it
    /// By how much, where that can be said: a fraction; of `changed` the round that was due.
    double value = 0.0;
    Clock::Wall time{};
    std::string text{};
};

} // namespace phyll::journal
