#include "sim/rigs/replay/recording.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "sim/rigs/replay/number_table.hpp"
#include "sim/rigs/replay/recording.pb.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace phyll::sim {
namespace {

constexpr std::size_t largest_batch = 4096;

NumberTable read_table(const std::string& path, const char* option, Header header,
                       const RigSite& site) {
    if (path.empty()) {
        throw invalid_field(option, "missing; the path of a file of comma-separated values");
    }
    if (!site.read) {
        throw Error(Code::failed_precondition,
                    fmt::format("{}: {} cannot be read: no files are at hand here", option,
                                in_quotes(path)));
    }
    try {
        return read_number_table(site.read(path), path, header);
    } catch (const Error& error) {
        throw error_of(option, error);
    }
}

template <class Choice>
Choice choice_of(const std::string& text, const char* option,
                 std::initializer_list<std::pair<const char*, Choice>> choices) {
    std::string valid;
    for (const auto& [name, choice] : choices) {
        if (text == name) {
            return choice;
        }
        valid += fmt::format("{}'{}'", valid.empty() ? "" : ", ", name);
    }
    throw invalid_field(option, fmt::format("{}; valid is {}", in_quotes(text), valid));
}

/// The value of an option that is given once for all channels, or for each, or not at all.
std::vector<double> for_each_channel(const google::protobuf::RepeatedField<double>& given,
                                     double fallback, std::size_t channels, const char* option) {
    if (given.size() > 1 && static_cast<std::size_t>(given.size()) != channels) {
        throw invalid_field(option, fmt::format("{} values for {} inputs; valid is one, or one for "
                                                "each",
                                                given.size(), channels));
    }
    std::vector<double> values(given.begin(), given.end());
    values.resize(channels, values.empty() ? fallback : values.front());
    return values;
}

/// What the file calls a column, or its number; names must differ, since people select by them.
std::vector<std::string> channel_names(const NumberTable& table, const char* fallback,
                                       const char* option, const std::string& file) {
    std::vector<std::string> names = table.names;
    for (std::size_t k = 0; names.size() < table.columns; ++k) {
        names.push_back(fmt::format("{} {}", fallback, k));
    }
    std::set<std::string> distinct;
    for (std::string& name : names) {
        name = utf8(name);
        if (name.empty() || !distinct.insert(name).second) {
            throw invalid_field(option,
                                fmt::format("two columns of {} are called {}, or one has no name; "
                                            "names must differ",
                                            file, in_quotes(name)));
        }
    }
    return names;
}

std::pair<double, double> extent_of(const NumberTable& table, std::size_t column) {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (std::size_t row = 0; row < table.rows; ++row) {
        low = std::min(low, table.at(row, column));
        high = std::max(high, table.at(row, column));
    }
    return {low, high};
}

std::vector<DriveChannel> inputs_of(const NumberTable& table, const v1::RecordingOptions& options) {
    const bool given = choice_of<bool>(options.has_range() ? options.range() : "given",
                                       "recording.range", {{"given", true}, {"recording", false}});
    if (!given && options.zero_size() + options.one_size() > 0) {
        throw invalid_field("recording.range",
                            "'recording'; with zero and one it is 'given', or they are left out");
    }
    const std::vector<std::string> names =
        channel_names(table, "in", "recording.stimuli", options.stimuli());
    const std::vector<double> zero =
        for_each_channel(options.zero(), 0.0, table.columns, "recording.zero");
    const std::vector<double> one =
        for_each_channel(options.one(), 1.0, table.columns, "recording.one");
    std::vector<DriveChannel> inputs;
    for (std::size_t k = 0; k < table.columns; ++k) {
        auto [low, high] = given ? std::pair(zero[k], one[k]) : extent_of(table, k);
        if (!given && low == high) {
            high = low + 1.0; // an input that was never moved
        }
        if (low == high) {
            throw invalid_field("recording.one",
                                fmt::format("{} on input '{}'; valid is another value than that of "
                                            "drive 0",
                                            high, names[k]));
        }
        inputs.push_back({.name = names[k],
                          .unit = options.has_stimulus_unit() ? options.stimulus_unit() : "1",
                          .at_zero = low,
                          .at_one = high,
                          .levels = options.levels() < 2 ? 0 : options.levels()});
    }
    return inputs;
}

/// The file's value as a drive: computed in float64 and rounded once, as clients do it.
float drive_of(double value, const DriveChannel& channel) {
    const double drive = (value - channel.at_zero) / (channel.at_one - channel.at_zero);
    if (channel.levels == 0) {
        return static_cast<float>(drive);
    }
    const double steps = channel.levels - 1;
    return static_cast<float>(std::round(drive * steps) / steps);
}

OwnedBlock stimuli_of(const NumberTable& table, const std::vector<DriveChannel>& inputs,
                      const std::string& file) {
    OwnedBlock stimuli(table.columns, table.rows);
    for (std::size_t i = 0; i < table.rows; ++i) {
        for (std::size_t k = 0; k < table.columns; ++k) {
            const float drive = drive_of(table.at(i, k), inputs[k]);
            if (!(drive >= 0.0F && drive <= 1.0F)) {
                throw invalid_field(
                    "recording.stimuli",
                    fmt::format("{} on input '{}' in measurement {} of {} is drive {}; valid is 0 "
                                "to 1: give recording.zero and recording.one, or recording.range = "
                                "\"recording\"",
                                table.at(i, k), inputs[k].name, i, file, drive));
            }
            stimuli.sample(i)[k] = drive + 0.0F; // no negative zero
        }
    }
    return stimuli;
}

OwnedBlock responses_of(const NumberTable& table) {
    OwnedBlock responses(table.columns, table.rows);
    std::ranges::transform(table.values, responses.view().values().begin(),
                           [](double value) { return static_cast<float>(value); });
    return responses;
}

std::vector<ResponseChannel> outputs_of(const NumberTable& table,
                                        const v1::RecordingOptions& options) {
    const std::vector<std::string> names =
        channel_names(table, "out", "recording.responses", options.responses());
    std::vector<ResponseChannel> outputs;
    for (std::size_t k = 0; k < table.columns; ++k) {
        const auto [low, high] = extent_of(table, k);
        const auto first = static_cast<double>(static_cast<float>(low));
        const auto last = static_cast<double>(static_cast<float>(high));
        // A range of no width would make anything but one value a fault.
        const double margin = first < last ? 0.0 : std::max(1e-6, 1e-3 * std::abs(first));
        outputs.push_back({.name = names[k],
                           .unit = options.has_response_unit() ? options.response_unit() : "1",
                           .minimum = first - margin,
                           .maximum = last + margin,
                           .note = {}});
    }
    return outputs;
}

std::string source_of(const v1::RecordingOptions& options, const NumberTable& stimuli,
                      const NumberTable& responses) {
    constexpr std::size_t digits = 12; // enough to tell files apart
    return fmt::format("{}: {} (sha256 {}...) and {} (sha256 {}...), {} measurements",
                       options.has_source() ? options.source() : "a recording", options.stimuli(),
                       stimuli.sha256.substr(0, digits), options.responses(),
                       responses.sha256.substr(0, digits), stimuli.rows);
}

} // namespace

Recording read_recording(const v1::RecordingOptions& options, const RigSite& site) {
    const Header header =
        choice_of<Header>(options.has_header() ? options.header() : "auto", "recording.header",
                          {{"auto", Header::automatic}, {"yes", Header::yes}, {"no", Header::no}});
    const NumberTable stimuli = read_table(options.stimuli(), "recording.stimuli", header, site);
    const NumberTable responses =
        read_table(options.responses(), "recording.responses", header, site);
    if (stimuli.rows != responses.rows) {
        throw invalid_field("recording.responses",
                            fmt::format("{} measurements in {}, but {} stimuli in {}; each row is "
                                        "one measurement in both",
                                        responses.rows, options.responses(), stimuli.rows,
                                        options.stimuli()));
    }
    Recording recording;
    recording.inputs = inputs_of(stimuli, options);
    recording.outputs = outputs_of(responses, options);
    recording.seconds_per_sample = options.seconds_per_sample();
    recording.of = source_of(options, stimuli, responses);
    recording.stimuli = stimuli_of(stimuli, recording.inputs, options.stimuli());
    recording.responses = responses_of(responses);
    return recording;
}

LayerSpec spec_of(const Recording& recording) {
    LayerSpec spec;
    spec.inputs = recording.inputs;
    spec.outputs = recording.outputs;
    spec.max_batch = largest_batch;
    spec.seconds_per_sample = recording.seconds_per_sample;
    spec.evidence_of = recording.of;
    return spec;
}

} // namespace phyll::sim
