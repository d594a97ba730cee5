#pragma once

#include "drivers/instruments/instrument.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace phyll::instruments {

/// A voltage; what is one is not handed over as a plain number where it could harm something.
struct Volts {
    double value = 0.0;
    auto operator<=>(const Volts&) const = default;
};

/// What must never leave a generator.
struct DriveLimits {
    Volts peak{};      ///< |v|; more than 0
    Volts rms{};       ///< of a whole waveform; 0: not limited
    double duty = 1.0; ///< share of a waveform's points further from 0 V than 1 % of `peak`

    bool operator==(const DriveLimits&) const = default;

    /// "3.2 V peak", "2.5 V rms", ...: those that limit anything.
    [[nodiscard]] std::vector<std::string> in_words() const;
    /// Throws OUT_OF_RANGE saying what is exceeded, by what, where.
    void check(std::span<const double> waveform) const;
};

/// How waveforms are played.
struct GeneratorSetup {
    double sample_rate = 0.0; ///< points a second; each is held until the next
    Volts low;                ///< between these two lies every point of every waveform
    Volts high;
    DriveLimits limits;

    bool operator==(const GeneratorSetup&) const = default;
};

/// A DAC: plays a waveform once at each trigger, and gives a trigger at its start. Between
/// waveforms it stands at 0 V, which every waveform begins and ends with, or what corrects an
/// offset of it.
class WaveformGenerator : public Instrument {
  public:
    /// Most points that a waveform may have; 0 before it was ever connected.
    [[nodiscard]] virtual std::size_t most_points() const noexcept = 0;

    /// Makes ready to play: output off, rate, trigger and levels set, levels and limits read back
    /// and compared. The output is switched on when the first waveform after it is there. Does
    /// nothing when it is ready so already. Throws FAILED_PRECONDITION when the instrument does not
    /// take on what it was told; its output is off then.
    virtual void prepare(const GeneratorSetup& setup, const Patience& patience) = 0;

    /// Sends a waveform in V to the instrument, whose place the next trigger plays, and returns
    /// while the instrument may still be busy with it. Throws OUT_OF_RANGE when it exceeds the
    /// limits of `prepare`, INVALID_ARGUMENT when it does not begin and end at 0 V.
    virtual void begin_upload(std::span<const double> waveform, const Patience& patience) = 0;
    /// Waits until the instrument took it; throws what it says against it.
    virtual void finish_upload(const Patience& patience) = 0;

    /// Plays the waveform once, from now on.
    virtual void trigger(const Patience& patience) = 0;
};

} // namespace phyll::instruments
