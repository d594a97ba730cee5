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

/// What is recorded at each trigger.
struct DigitiserSetup {
    std::vector<DigitiserChannel> channels;
    double sample_rate = 0.0; ///< points a second
    std::size_t points = 0;   ///< of each channel
    Seconds start{0};         ///< the first point, after the trigger
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
    double resolution = 0.0;      ///< V between neighbouring codes
    std::vector<bool> clipped{};  ///< as long as volts where any point was at an end of the range
};

/// An ADC: records some channels once at a trigger.
class Digitiser : public Instrument {
  public:
    /// Makes ready to record. Does nothing when it is ready so already. Throws FAILED_PRECONDITION
    /// when the instrument does not take on what it was told.
    virtual void prepare(const DigitiserSetup& setup, const Patience& patience) = 0;

    /// Forgets the last record; returns when the next trigger will be seen.
    virtual void arm(const Patience& patience) = 0;

    /// Waits until a trigger came and everything is recorded.
    virtual void await_record(const Patience& patience) = 0;

    /// What a channel of the setup recorded. Throws DATA_LOSS when it is not as many points as were
    /// asked for, or none that were recorded.
    [[nodiscard]] virtual Record read(unsigned channel, const Patience& patience) = 0;
};

} // namespace phyll::instruments
