#include "drivers/rigs/electronic/settings.hpp"

#include "drivers/core/error.hpp"
#include "drivers/rigs/electronic/electronic.pb.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace phyll::rigs {
namespace {

/// What is told beyond the drives' own range so that an output that is off can be corrected.
constexpr double head_room = 1.05;
/// What the monitor records beyond that.
constexpr double monitor_room = 1.1;

template <class Numbers>
void require_distinct(const char* field, const Numbers& numbers) {
    for (const auto number : numbers) {
        if (std::ranges::count(numbers, number) > 1) {
            throw invalid_field(field, fmt::format("{} is there twice", number));
        }
    }
}

void read_channels(const v1::ElectronicInstrumentsOptions& options, ElectronicSettings& settings) {
    settings.nodes.assign(options.adc_nodes().begin(), options.adc_nodes().end());
    if (settings.nodes.empty()) {
        settings.nodes = {1, 3};
    }
    std::vector<unsigned> channels(options.channels().begin(), options.channels().end());
    for (unsigned channel = 1;
         options.channels().empty() && channels.size() < settings.nodes.size(); ++channel) {
        if (channel != options.monitor()) {
            channels.push_back(channel);
        }
    }
    require_distinct("adc_nodes", settings.nodes);
    require_distinct("channels", channels);
    if (channels.size() != settings.nodes.size()) {
        throw invalid_field("channels", fmt::format("{} of them for {} adc_nodes; each node needs "
                                                    "one",
                                                    channels.size(), settings.nodes.size()));
    }
    if (std::ranges::find(channels, options.monitor()) != channels.end()) {
        throw invalid_field("monitor",
                            fmt::format("{} is also the channel of a node", options.monitor()));
    }
    for (const unsigned channel : channels) {
        settings.channels.push_back(
            {.number = channel, .range = instruments::Volts{options.adc_range()}});
    }
}

void read_encoding(const v1::ElectronicInstrumentsOptions& options, Encoding& encoding) {
    if (options.dac_high() <= options.dac_low()) {
        throw invalid_field("dac_high", fmt::format("{:g} V; valid is more than dac_low, {:g} V",
                                                    options.dac_high(), options.dac_low()));
    }
    if (options.adc_first() > options.dac_samples()) {
        throw invalid_field("adc_first", fmt::format("{}; valid is 1 to dac_samples, {}",
                                                     options.adc_first(), options.dac_samples()));
    }
    encoding.hold_time = options.hold_time();
    encoding.points_per_hold = options.points_per_hold();
    encoding.dac_samples = options.dac_samples();
    encoding.low = options.dac_low();
    encoding.high = options.dac_high();
    for (std::size_t k = options.adc_first(); k <= options.dac_samples();
         k += options.adc_every()) {
        encoding.reads.push_back(k);
    }
}

void read_limits(const v1::ElectronicInstrumentsOptions& options, ElectronicSettings& settings) {
    const double needed = std::max(std::abs(options.dac_low()), std::abs(options.dac_high()));
    const double peak = options.has_limit_peak() ? options.limit_peak() : head_room * needed;
    if (peak < needed) {
        throw invalid_field(
            "limit_peak",
            fmt::format("{:g} V; the drives need {:g} V (dac_low, dac_high)", peak, needed));
    }
    settings.playing = {
        .sample_rate = 1 / options.hold_time(),
        .low = {std::max(-peak, head_room * std::min(0.0, options.dac_low()))},
        .high = {std::min(peak, head_room * std::max(0.0, options.dac_high()))},
        .limits = {.peak = {peak}, .rms = {options.limit_rms()}, .duty = options.limit_duty()}};
    settings.monitor = {.number = options.monitor(),
                        .range = {monitor_room * std::max(-settings.playing.low.value,
                                                          settings.playing.high.value)}};
}

} // namespace

ElectronicSettings electronic_settings(const v1::ElectronicInstrumentsOptions& options) {
    ElectronicSettings settings;
    read_channels(options, settings);
    read_encoding(options, settings.encoding);
    read_limits(options, settings);
    settings.trigger_channel = options.trigger_channel();
    if (settings.trigger_channel != 0 && settings.encoding.marker_level() < 0) {
        throw invalid_field("trigger_channel",
                            fmt::format("{}; a channel triggers at a rise, and with dac_low {:g} V "
                                        "and dac_high {:g} V waveforms begin with a fall: valid is "
                                        "0, the external input",
                                        settings.trigger_channel, options.dac_low(),
                                        options.dac_high()));
    }
    settings.retakes = options.retakes();
    settings.samples_per_record = options.samples_per_record();
    settings.rest_time = options.rest_time();
    return settings;
}

} // namespace phyll::rigs
