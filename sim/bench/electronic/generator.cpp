#include "sim/bench/electronic/generator.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::bench {
namespace {

constexpr double middle = 0.5;
/// Levels that a program computed may miss an end by rounding.
constexpr double rounding = 1e-9;

} // namespace

Generator::Generator(std::string identity, ErrorQueue::Sign sign, OutputErrors errors, Play play)
    : ScpiInstrument(std::move(identity), sign), errors_(errors), play_(std::move(play)) {}

double Generator::shown() const {
    return std::isinf(state_.load) ? 1.0 : state_.load / (state_.load + source_resistance);
}

void Generator::check_level(double open) const {
    const double high = state_.limited ? state_.high_limit : largest_level;
    const double low = state_.limited ? state_.low_limit : -largest_level;
    if (open > high + rounding || open < low - rounding) {
        throw ScpiError(scpi_number::out_of_range);
    }
}

void Generator::set_high(double volts) {
    const double open = volts / shown();
    check_level(open);
    const bool moves = state_.low > open - least_amplitude;
    if (moves) {
        check_level(open - least_amplitude);
        state_.low = open - least_amplitude;
    }
    state_.high = open;
    if (moves) {
        throw ScpiError(scpi_number::settings_conflict, "low level changed");
    }
}

void Generator::set_low(double volts) {
    const double open = volts / shown();
    check_level(open);
    const bool moves = state_.high < open + least_amplitude;
    if (moves) {
        check_level(open + least_amplitude);
        state_.high = open + least_amplitude;
    }
    state_.low = open;
    if (moves) {
        throw ScpiError(scpi_number::settings_conflict, "high level changed");
    }
}

void Generator::set_levels(double high, double low) {
    check_level(high / shown());
    check_level(low / shown());
    if (high - low < least_amplitude * shown() - rounding) {
        throw ScpiError(scpi_number::out_of_range);
    }
    state_.high = high / shown();
    state_.low = low / shown();
}

double Generator::at_connector(double fraction) const {
    if (!state_.on) {
        return 0.0;
    }
    const double asked = state_.low + fraction * (state_.high - state_.low);
    return errors_.gain * asked + errors_.offset;
}

double Generator::idle() const {
    return at_connector(plays() ? state_.waveform->front() : middle);
}

std::vector<Output> Generator::outputs() const {
    return {{.name = "1", .on = state_.on, .volts = idle()}};
}

void Generator::fire(Slope trigger_edge) {
    if (!state_.burst) {
        throw ScpiError(scpi_number::trigger_ignored);
    }
    ++triggers_;
    Burst burst{
        .rate = state_.rate, .cycles = static_cast<std::size_t>(state_.cycles), .idle = idle()};
    if (plays()) {
        burst.volts.resize(state_.waveform->size());
        std::ranges::transform(*state_.waveform, burst.volts.begin(),
                               [this](double fraction) { return at_connector(fraction); });
    } else {
        burst.volts = {idle()};
    }
    if (state_.trigger_output) {
        burst.trigger_output = trigger_edge;
    }
    play_(burst);
}

} // namespace phyll::bench
