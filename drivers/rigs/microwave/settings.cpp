#include "drivers/rigs/microwave/settings.hpp"

#include "drivers/core/error.hpp"
#include "drivers/rigs/microwave/microwave.pb.h"

#include <fmt/format.h>

#include <algorithm>

namespace phyll::rigs {
namespace {

/// A point takes a little longer than one over the bandwidth.
constexpr double point_time = 1.2;

SweepResponse response_from(const std::string& text) {
    return text == "complex" ? SweepResponse::complex
                             : (text == "abs2" ? SweepResponse::abs2 : SweepResponse::abs);
}

} // namespace

double MicrowaveSettings::sweep_time() const noexcept {
    return point_time * static_cast<double>(sweep.points) / sweep.if_bandwidth.value;
}

MicrowaveSettings microwave_settings(const v1::MicrowaveInstrumentsOptions& options) {
    if (options.stop_frequency() <= options.start_frequency()) {
        throw invalid_field("stop_frequency",
                            fmt::format("{:g} Hz; valid is more than start_frequency, {:g} Hz",
                                        options.stop_frequency(), options.start_frequency()));
    }
    const double most_at_source = options.limit_receiver() - options.path_gain_db();
    if (options.power() > most_at_source) {
        throw invalid_field("power",
                            fmt::format("{:g} dBm; with path_gain_db {:g} dB up to {:g} dBm may "
                                        "arrive at the receiver, whose limit_receiver is {:g} dBm: "
                                        "valid is up to {:g} dBm",
                                        options.power(), options.path_gain_db(),
                                        options.power() + options.path_gain_db(),
                                        options.limit_receiver(), most_at_source));
    }
    if (options.has_limit_power() && options.power() > options.limit_power()) {
        throw invalid_field("power", fmt::format("{:g} dBm; limit_power is {:g} dBm",
                                                 options.power(), options.limit_power()));
    }
    const double limit = options.has_limit_power() ? options.limit_power() : options.power();
    return {.atoms = options.atoms(),
            .sweep = {.start = {options.start_frequency()},
                      .stop = {options.stop_frequency()},
                      .points = options.points(),
                      .if_bandwidth = {options.if_bandwidth()},
                      .power = {options.power()},
                      .most_power = {std::min(limit, most_at_source)},
                      .state = options.instrument_state(),
                      .corrected = options.corrected()},
            .response = response_from(options.response()),
            .settle_time = options.settle_time(),
            .path_gain = options.path_gain_db(),
            .receiver_limit = options.limit_receiver(),
            .retakes = options.retakes()};
}

std::string in_words(const MicrowaveSettings& settings) {
    const instruments::VnaSetup& sweep = settings.sweep;
    return fmt::format(
        "{} meta-atoms, {} points from {:.9g} to {:.9g} Hz, {:g} Hz wide, {:g} "
        "dBm{}{}",
        settings.atoms, sweep.points, sweep.start.value, sweep.stop.value, sweep.if_bandwidth.value,
        sweep.power.value, sweep.state.empty() ? "" : ", state " + sweep.state,
        settings.path_gain == 0 ? "" : fmt::format(", path {:g} dB", settings.path_gain));
}

} // namespace phyll::rigs
