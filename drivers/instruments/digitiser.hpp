#pragma once

#include "drivers/instruments/instrument.hpp"
#include "drivers/instruments/waveform_generator.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace phyll::instruments {

/// One channel that is recorded.
struct DigitiserChannel {
    unsigned number = 1; ///< as it is written on the instrument
    Volts range;         ///< it records -range to range

    bool operator==(const DigitiserChannel&) const = default;
};

/// What is recorded at each trigger: at least these instants, at least so closely.
struct DigitiserSetup {
    std::vector<DigitiserChannel> channels;
    double sample_rate = 0.0; ///< points a second
    std::size_t points = 0;   ///< of each channel
    Seconds start{0};         ///< the first point, after the trigger; negative: before it
    /// Where the trigger comes from: 0 is the external input, else a channel.
    unsigned trigger_channel = 0;
    Volts trigger_level{};

    bool operator==(const DigitiserSetup&) const = default;
};

/// What one channel recorded. The instant of point i is start + i * interval, after the trigger.
struct Record {
    Seconds start{0};
    Seconds interval{0};
    std::vector<double> volts;
    double resolution = 0.0; ///< V between neighbouring codes
    Volts range{}; ///< what is at an end of -range to range was clipped, as far as one knows

    /// Whether a voltage is one that the converter's ends stand for.
    [[nodiscard]] bool clipped(double at) const noexcept {
        return at <= -range.value + 0.5 * resolution || at >= range.value - 1.5 * resolution;
    }
};

/// An ADC: records some channels once at a trigger.
class Digitiser : public Instrument {
  public:
    /// Makes ready to record. Does nothing when it is ready so already. Throws FAILED_PRECONDITION
    /// when the instrument does not take on what it was told.
    virtual void prepare(const DigitiserSetup& setup, const Patience& patience) = 0;

    /// Forgets the last record; returns when the next trigger will be seen.
    virtual void arm(const Patience& patience) = 0;

    /// Waits until a trigger came and everything is recorded. False when that is not so `within` a
    /// time that is ample for it: the trigger was missed.
    [[nodiscard]] virtual bool await_record(Seconds within, const Patience& patience) = 0;

    /// What a channel of the setup recorded. Throws DATA_LOSS when that is less than was asked for.
    [[nodiscard]] virtual Record read(unsigned channel, const Patience& patience) = 0;
};

} // namespace phyll::instruments
