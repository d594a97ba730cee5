#include "sim/rigs/replay/recording.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "sim/rigs/replay/number_table.hpp"
#include "sim/rigs/replay/recording_parts.hpp"

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
        throw invalid_field(
            option,
            "missing; the path of a file of comma-separated values, or give recording.journal");
    }
    const DataFile file = open_file(path, option, site);
    try {
        return read_number_table(file, path, header);
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
    const Drives drives = drives_of(options, table.columns);
    std::vector<DriveChannel> inputs;
    for (std::size_t k = 0; k < table.columns; ++k) {
        auto [low, high] = given ? std::pair(drives.zero[k], drives.one[k]) : extent_of(table, k);
        if (!given && low == high) {
            high = low + 1.0; // an input that was never moved
        }
        inputs.push_back(input_channel(options, names[k], low, high, options.levels()));
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
        outputs.push_back(output_channel(options, names[k], low, high));
    }
    return outputs;
}

std::string said_of(const v1::RecordingOptions& options, const NumberTable& stimuli,
                    const NumberTable& responses) {
    return fmt::format("{}: {} ({}) and {} ({}), {} measurements", source_of(options),
                       options.stimuli(), short_digest(stimuli.sha256), options.responses(),
                       short_digest(responses.sha256), stimuli.rows);
}

Recording read_files(const v1::RecordingOptions& options, const RigSite& site) {
    const auto header =
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
    recording.of = said_of(options, stimuli, responses);
    recording.stimuli = stimuli_of(stimuli, recording.inputs, options.stimuli());
    recording.responses = responses_of(responses);
    return recording;
}

} // namespace

Recording read_recording(const v1::RecordingOptions& options, const RigSite& site) {
    if (options.journal().empty()) {
        if (options.has_rig()) {
            throw invalid_field("recording.rig",
                                fmt::format("{}; it chooses a rig of a journal, which is not given",
                                            in_quotes(options.rig())));
        }
        return read_files(options, site);
    }
    if (options.has_stimuli() || options.has_responses()) {
        throw invalid_field("recording.journal",
                            fmt::format("{}; with stimuli and responses it is left out",
                                        in_quotes(options.journal())));
    }
    return read_journal_recording(options, site);
}

LayerSpec spec_of(const Recording& recording) {
    LayerSpec spec;
    spec.inputs = recording.inputs;
    spec.outputs = recording.outputs;
    spec.stimulus_storage = recording.stimulus_storage;
    spec.response_storage = recording.response_storage;
    spec.max_batch = largest_batch;
    spec.seconds_per_sample = recording.seconds_per_sample;
    spec.evidence_of = recording.of;
    return spec;
}

} // namespace phyll::sim
