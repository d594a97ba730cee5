#pragma once

#include "sim/bench/electronic/signals.hpp"
#include "sim/bench/scpi/scpi_instrument.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace phyll::bench {

/// What a generator's output really is, given what it was asked for.
struct OutputErrors {
    double gain = 1.0;
    double offset = 0.0; ///< V
};

/// An arbitrary waveform generator with one channel, whatever language it speaks. Levels are kept
/// as the voltage of the open output; what the instrument says of them depends on the load that it
/// was told of, as its output does on the load that it has. The ladder takes no current: what is
/// set for 50 ohm comes out doubled.
class Generator : public ScpiInstrument {
  public:
    /// Given every burst, when it is triggered.
    using Play = std::function<void(const Burst&)>;

    /// `errors` say how the output differs from what was asked for.
    Generator(std::string identity, ErrorQueue::Sign sign, OutputErrors errors, Play play);

    [[nodiscard]] std::vector<Figure> figures() const override { return {{"triggers", triggers_}}; }
    [[nodiscard]] std::vector<Output> outputs() const override;

  protected:
    /// V of the open output; both ends of the range.
    static constexpr double largest_level = 10.0;
    static constexpr double least_amplitude = 1e-3;
    static constexpr double source_resistance = 50.0;

    /// What both languages can set.
    struct State {
        bool on = false;
        bool arbitrary = false; ///< the function; of others the output has the middle level alone
        double high = 0.1;      ///< V, open
        double low = -0.1;      ///< V, open
        double load = source_resistance;                     ///< ohm; infinite: open
        double rate = 40e3;                                  ///< points per second
        std::shared_ptr<const std::vector<double>> waveform; ///< 0 is low, 1 is high
        bool burst = false;
        double cycles = 1;
        bool trigger_output = false;
        bool limited = false;
        double high_limit = largest_level; ///< V, open
        double low_limit = -largest_level; ///< V, open
    };

    [[nodiscard]] State& state() noexcept { return state_; }
    [[nodiscard]] const State& state() const noexcept { return state_; }

    /// Factor from the open voltage to what the instrument says.
    [[nodiscard]] double shown() const;
    /// Sets a level, both given as the instrument says them; a level that is in the way moves with
    /// it, which is reported as -221. Throws -222 beyond the range or the limits.
    void set_high(double volts);
    void set_low(double volts);
    void set_levels(double high, double low);

    /// Plays the waveform, if there is a burst to be triggered; otherwise -211.
    void fire(Slope trigger_edge);

  private:
    void check_level(double open) const;
    [[nodiscard]] double at_connector(double fraction) const;
    [[nodiscard]] double idle() const;
    [[nodiscard]] bool plays() const { return state_.arbitrary && state_.waveform; }

    OutputErrors errors_;
    Play play_;
    State state_;
    std::uint64_t triggers_ = 0;
};

} // namespace phyll::bench
