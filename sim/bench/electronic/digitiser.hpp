#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/core/random.hpp"
#include "sim/bench/electronic/signals.hpp"
#include "sim/bench/scpi/scpi_instrument.hpp"
#include "sim/bench/server/bench.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace phyll::bench {

/// How a virtual digitiser differs from a perfect one.
struct DigitiserNature {
    double noise = 0.0;     ///< V rms at the inputs
    std::uint64_t seed = 1; ///< of the noise
    Seconds record_time{0}; ///< from the trigger until the record is there
};

/// An oscilloscope with four channels, whatever language it speaks. It never triggers itself: a
/// sweep that would is served like a normal one. A record keeps the settings that it was taken
/// with, is sampled when it is read, and stays readable until the next one replaces it.
class Digitiser : public ScpiInstrument {
  public:
    static constexpr unsigned channels = 4;

    Digitiser(std::string identity, ErrorQueue::Sign sign, Loop& loop, const Site& site,
              DigitiserNature nature);

    /// A burst is triggered: captured if it is waited for. `signals` makes what is at the inputs.
    void played(const Burst& burst, const std::function<std::shared_ptr<Signals>()>& signals);

    /// Whether it has an input of its own for triggers.
    [[nodiscard]] virtual bool has_external_trigger() const { return true; }

    /// captures: records taken; triggers: those that it saw, stale records included.
    [[nodiscard]] std::vector<Figure> figures() const override {
        return {{"captures", captures_}, {"triggers", triggers_}};
    }
    void power_on() override;

  protected:
    /// 0 stands for the external trigger input, where a 3.3 V pulse comes; others for channels.
    static constexpr unsigned external = 0;

    struct Channel {
        bool shown = false;
        double range = 8.0;  ///< V from one end of the screen to the other, at the probe's tip
        double offset = 0.0; ///< V, at the probe's tip
        double probe = 1.0;  ///< attenuation that it was told of; what is connected has none
    };
    struct Trigger {
        unsigned source = 1;
        double level = 0.0;
        std::size_t slope = 0; ///< place in `Slope`
    };
    /// The times of a record, relative to the trigger.
    struct Window {
        double start = 0.0;    ///< s
        double duration = 0.0; ///< s
    };
    struct Settings {
        std::array<Channel, channels> channel;
        Trigger trigger;
        Window window;
    };
    struct Record {
        std::shared_ptr<Signals> signals;
        double trigger_time = 0.0; ///< of its own trigger, on the time of `signals`
        std::uint64_t capture = 0; ///< counts from 1
        Settings settings;
    };
    enum class State { stopped, waiting, capturing };

    [[nodiscard]] Settings& settings() noexcept { return settings_; }
    [[nodiscard]] State state() const noexcept { return state_; }
    /// Begins to wait for a trigger; `once` for one only.
    void arm(bool once);
    void stop();
    void trigger() override {}
    void clear_events() override {
        armed_event_ = false;
        trigger_event_ = false;
    }

    /// The record that there is. Throws -230 when there is none.
    [[nodiscard]] const Record& record() const;
    /// What it measured, in V at the probe's tip, at one of so many equal pieces of its window.
    /// Throws -310 when that cannot be computed.
    [[nodiscard]] double measured(unsigned channel, std::size_t point, std::size_t points) const;

    // What languages ask for; reading clears.
    [[nodiscard]] bool take_armed_event() { return std::exchange(armed_event_, false); }
    [[nodiscard]] bool take_trigger_event() { return std::exchange(trigger_event_, false); }

  private:
    [[nodiscard]] std::optional<double> trigger_time(const Burst& burst, Signals& signals) const;
    void captured(std::optional<Record> record);

    Loop& loop_;
    Activity& activity_;
    Misbehaviour& misbehaviour_;
    DigitiserNature nature_;
    KeyedRandom random_;
    Settings settings_;
    State state_ = State::stopped;
    bool once_ = true;
    std::optional<Record> record_;
    bool armed_event_ = false;
    bool trigger_event_ = false;
    std::uint64_t captures_ = 0;
    std::uint64_t triggers_ = 0;
    std::uint64_t arming_ = 0; ///< changes when what was awaited no longer is
};

} // namespace phyll::bench
