#pragma once

#include "drivers/core/clock.hpp"
#include "sim/physics/electronic/integrator.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace phyll::bench {

enum class Slope { rising, falling, either };

/// What a generator plays at a trigger, at its connector.
struct Burst {
    std::vector<double> volts{};           ///< point by point, each held for 1 / rate; one at least
    double rate = 0.0;                     ///< points per second
    std::size_t cycles = 1;                ///< the waveform so many times
    double idle = 0.0;                     ///< V before and after
    std::optional<Slope> trigger_output{}; ///< its edge; none when it is off
};

/// The voltages at the digitiser's inputs around one burst. Time is in s, 0 at the trigger.
/// Computed as far as they are asked for. Thread rule: one caller.
class Signals {
  public:
    Signals() = default;
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;
    virtual ~Signals() = default;

    /// Channels count from 1. Throws RESOURCE_EXHAUSTED when that is too much to compute.
    [[nodiscard]] virtual double volts(unsigned channel, double time) = 0;
    /// When, if ever, that channel first crosses `level` after the trigger.
    [[nodiscard]] virtual std::optional<double> crossing(unsigned channel, double level,
                                                         Slope slope) = 0;
};

/// A burst through the ladder: channel 1 is node 1, channel 2 node 3 (or the last one), channel 3
/// the generator's output, channel 4 open. Before the burst the ladder has settled at the idle
/// voltage. Each point is cut into equal time steps of the integrator, as few as keep a step within
/// `longest_step`; between steps the nodes are interpolated linearly, at their ends they are exact.
/// The output itself changes in no time: at the very moment of a change it has the new voltage.
class LadderSignals final : public Signals {
  public:
    /// `latency`: from the trigger to the waveform's first point.
    LadderSignals(const physics::ElectronicParameters& parameters, Burst burst, Seconds latency);

    [[nodiscard]] double volts(unsigned channel, double time) override;
    [[nodiscard]] std::optional<double> crossing(unsigned channel, double level,
                                                 Slope slope) override;

  private:
    static constexpr std::size_t channels = 2; ///< that see a node

    struct Cut {
        double step;           ///< s
        std::size_t per_point; ///< steps
    };

    [[nodiscard]] static Cut cut(const physics::ElectronicParameters& parameters, double rate);
    [[nodiscard]] double source(std::size_t step) const;
    [[nodiscard]] double output(double time) const;
    [[nodiscard]] double node(std::size_t channel, double time);
    [[nodiscard]] double after_step(std::size_t channel, std::size_t step);
    /// Throws RESOURCE_EXHAUSTED when that step is too far away.
    void check_length(std::size_t step) const;

    Burst burst_;
    double latency_;
    Cut cut_;
    std::size_t steps_;   ///< that the waveform lasts
    std::size_t settled_; ///< from this step on nothing changes any more
    physics::ElectronicIntegrator<float> integrator_;
    physics::ElectronicIntegrator<float>::Tile tile_;
    std::size_t nodes_[channels];
    double initial_[channels] = {};
    std::vector<float> trace_; ///< channels numbers for each step
};

} // namespace phyll::bench
