#include "sim/bench/electronic/signals.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::bench {
namespace {

/// Steps that the integrator takes at once.
constexpr std::size_t chunk = 32;
/// Steps after which a record is too long to be computed: 50 s of the default ladder.
constexpr std::size_t most_steps = std::size_t{4} << 20U;
/// How near to the end of a step, in steps, a time is taken for just that.
constexpr double on_step = 1e-6;

physics::ElectronicParameters stepped(physics::ElectronicParameters parameters, double step) {
    parameters.dac_samples = chunk;
    parameters.steps_per_sample = 1;
    parameters.hold_time = step;
    parameters.adc_nodes = {1};
    return parameters;
}

/// That a burst lasts; of one that lasts longer than any record, as many as matter.
std::size_t steps_of(const Burst& burst, std::size_t per_point) {
    const double steps = static_cast<double>(burst.volts.size()) *
                         static_cast<double>(burst.cycles) * static_cast<double>(per_point);
    return static_cast<std::size_t>(std::min(steps, 2.0 * most_steps));
}

bool crosses(double before, double after, double level, Slope slope) {
    const bool up = before < level && after >= level;
    const bool down = before > level && after <= level;
    return (up && slope != Slope::falling) || (down && slope != Slope::rising);
}

} // namespace

LadderSignals::LadderSignals(const physics::ElectronicParameters& parameters, Burst burst,
                             Seconds latency)
    : burst_(std::move(burst)),
      latency_(latency.count()),
      cut_(cut(parameters, burst_.rate)),
      steps_(steps_of(burst_, cut_.per_point)),
      settled_(steps_ +
               static_cast<std::size_t>(std::ceil(2 * physics::rest_time(parameters) / cut_.step))),
      integrator_(stepped(parameters, cut_.step), physics::nominal_components(parameters)),
      tile_(integrator_.new_tile()),
      nodes_{0, std::min<std::size_t>(3, parameters.stages) - 1} {
    const std::vector<double> settled =
        physics::steady_state(physics::nominal_components(parameters), burst_.idle);
    for (std::size_t j = 0; j < settled.size(); ++j) {
        tile_.v(j, 0) = static_cast<float>(settled[j]);
    }
    for (std::size_t channel = 0; channel < channels; ++channel) {
        initial_[channel] = tile_.v(nodes_[channel], 0);
    }
}

/// A point that lasts as long as a hold of the simulated rig is cut into exactly its steps.
LadderSignals::Cut LadderSignals::cut(const physics::ElectronicParameters& parameters,
                                      double rate) {
    const double longest = parameters.hold_time / static_cast<double>(parameters.steps_per_sample);
    const double point = 1 / rate;
    const double pieces = std::max(1.0, std::ceil(point / longest - on_step));
    return {point / pieces, static_cast<std::size_t>(pieces)};
}

double LadderSignals::source(std::size_t step) const {
    return step < steps_ ? burst_.volts[step / cut_.per_point % burst_.volts.size()] : burst_.idle;
}

double LadderSignals::output(double time) const {
    const double step = std::floor((time - latency_) / cut_.step + on_step);
    if (step < 0 || step >= static_cast<double>(steps_)) {
        return burst_.idle;
    }
    return source(static_cast<std::size_t>(step));
}

void LadderSignals::check_length(std::size_t step) const {
    if (step >= most_steps) {
        throw Error(Code::resource_exhausted,
                    fmt::format("a record of more than {:.3g} s is too long to be computed",
                                static_cast<double>(most_steps) * cut_.step));
    }
}

double LadderSignals::after_step(std::size_t channel, std::size_t step) {
    step = std::min(step, settled_);
    check_length(step);
    while (trace_.size() <= step * channels) {
        const std::size_t first = trace_.size() / channels;
        for (std::size_t k = 0; k < chunk; ++k) {
            tile_.dac(k, 0) = static_cast<float>(source(first + k));
        }
        if (integrator_.run(tile_) != 0) {
            throw Error(Code::internal, "the ladder could not be integrated: Newton's method found "
                                        "no voltages for a time step");
        }
        for (std::size_t k = 0; k < chunk; ++k) {
            for (const std::size_t node : nodes_) {
                trace_.push_back(tile_.voltage(k, node, 0));
            }
        }
    }
    return trace_[step * channels + channel];
}

double LadderSignals::node(std::size_t channel, double time) {
    // At the end of step k, counted from 0, `steps` is k + 1.
    const double steps = (time - latency_) / cut_.step;
    if (steps <= 0) {
        return initial_[channel];
    }
    const double whole = std::round(steps);
    const bool exact = std::abs(steps - whole) < on_step;
    const double before = exact ? whole : std::floor(steps);
    const auto end = static_cast<std::size_t>(std::min(before, static_cast<double>(settled_ + 1)));
    const double from = end == 0 ? initial_[channel] : after_step(channel, end - 1);
    if (exact) {
        return from;
    }
    return std::lerp(from, after_step(channel, end), steps - before);
}

double LadderSignals::volts(unsigned channel, double time) {
    switch (channel) {
    case 1:
    case 2:
        return node(channel - 1, time);
    case 3:
        return output(time);
    default:
        return 0.0;
    }
}

std::optional<double> LadderSignals::crossing(unsigned channel, double level, Slope slope) {
    double before = volts(channel, latency_ - cut_.step);
    for (std::size_t step = 0; step <= settled_; ++step) {
        check_length(step);
        const double time = latency_ + static_cast<double>(step) * cut_.step;
        const double after = volts(channel, time);
        if (crosses(before, after, level, slope)) {
            const bool jumps = channel > channels;
            return jumps ? time : time - cut_.step * (after - level) / (after - before);
        }
        before = after;
    }
    return std::nullopt;
}

} // namespace phyll::bench
