#pragma once

#include "drivers/core/sample_block.hpp"
#include "drivers/instruments/digitiser.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phyll::rigs {

/// What the side that plays and the side that analyses must agree on. A waveform is made of holds
/// of equal length, one point of the generator each:
///
///   0 V | marker | rest, sample 1 | rest, sample 2 | ... | 0 V
///
/// The marker is a hold at `marker_level` (its rise starts the record where there is no other
/// trigger), the 16 bits of a count, the highest first (0 V or the level), and their parity: what a
/// record of the generator's own output says of the waveform that it belongs to.
struct Encoding {
    double hold_time = 0.0;           ///< s
    std::size_t points_per_hold = 0;  ///< of the digitiser
    std::size_t dac_samples = 0;      ///< of a sample: holds
    std::vector<std::size_t> reads{}; ///< DAC samples, from 1, at whose ends is read
    double low = 0.0;                 ///< V of drive 0
    double high = 0.0;                ///< V of drive 1
    std::size_t rest_holds = 0;       ///< at 0 V, before each sample

    static constexpr unsigned count_bits = 16;
    /// 0 V, the start, the count, its parity.
    static constexpr std::size_t marker_holds = 2 + count_bits + 1;

    /// V; whichever of low and high is further from 0.
    [[nodiscard]] double marker_level() const noexcept;
    [[nodiscard]] double volts(float drive) const noexcept { return low + (high - low) * drive; }
};

/// What a generator has to be told so that its output is what it should be: the output is
/// offset + scale * told.
struct OutputCorrection {
    double scale = 1.0;
    double offset = 0.0; ///< V

    [[nodiscard]] double told(double wanted) const noexcept { return (wanted - offset) / scale; }
};

/// Where everything is in one waveform. With `follow` the samples come one after the other without
/// rest, but for the first.
class Frame {
  public:
    Frame(const Encoding& encoding, std::size_t samples, bool follow);

    [[nodiscard]] std::size_t samples() const noexcept { return samples_; }
    /// Holds in all.
    [[nodiscard]] std::size_t holds() const noexcept;
    /// The hold that is the sample's first.
    [[nodiscard]] std::size_t first_hold(std::size_t sample) const noexcept;
    [[nodiscard]] double duration() const noexcept;

    /// What the generator is told, in V, one point a hold.
    [[nodiscard]] std::vector<double> waveform(ConstBlock x, std::uint16_t count,
                                               const OutputCorrection& correction) const;

    /// What has to be recorded: from the start of the marker to the end of the last sample.
    /// `latency` is that of the waveform's beginning after the trigger, in s.
    [[nodiscard]] instruments::DigitiserSetup record(double latency) const;

    /// Why a record of the generator's output is not that of this waveform; nothing when it is.
    /// Every hold is looked at in its middle, and may be off by `tolerance` of the drive's range.
    [[nodiscard]] std::optional<std::string> objection(const instruments::Record& monitor,
                                                       ConstBlock x, std::uint16_t count,
                                                       double latency, double tolerance) const;

    /// Instants after the trigger, in s.
    [[nodiscard]] double middle_of(std::size_t hold, double latency) const noexcept;
    [[nodiscard]] double end_of(std::size_t hold, double latency) const noexcept;

  private:
    /// Of the marker's holds, from 0, with a count.
    [[nodiscard]] bool marker_bit(std::size_t hold, std::uint16_t count) const noexcept;

    Encoding encoding_;
    std::size_t samples_;
    bool follow_;
};

/// The point that is nearest to an instant. Throws DATA_LOSS when the record does not hold it.
[[nodiscard]] double nearest(const instruments::Record& record, double instant);

/// The voltage at an instant at which what drives it changes: from points up to it, by a parabola
/// through the last three where it lies between two. Throws DATA_LOSS as `nearest` does.
[[nodiscard]] double just_before(const instruments::Record& record, double instant);

} // namespace phyll::rigs
