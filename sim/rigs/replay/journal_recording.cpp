#include "drivers/core/error.hpp"
#include "drivers/core/journal/measurements.hpp"
#include "drivers/core/journal/reader.hpp"
#include "drivers/core/readers/sha256.hpp"
#include "drivers/core/text.hpp"
#include "sim/rigs/replay/recording.hpp"
#include "sim/rigs/replay/recording_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace phyll::sim {
namespace {

using journal::FactsView;
using journal::for_each_measurement;
using journal::Reader;
using journal::RigEntry;

void refuse(const char* option, bool given, const char* why) {
    if (given) {
        throw invalid_field(option, why);
    }
}

/// Options have their defaults filled in, which say nothing.
void check_options(const v1::RecordingOptions& options) {
    refuse("recording.header", options.has_header() && options.header() != "auto",
           "given; a journal has no header of that kind");
    refuse("recording.range", options.has_range() && options.range() != "given",
           "given; a journal has the drives themselves: recording.zero and recording.one say what "
           "they stand for");
    refuse("recording.levels", options.levels() != 0, "given; a journal says how many there are");
}

std::uint32_t rig_of(const Reader& reader, const v1::RecordingOptions& options) {
    const std::vector<RigEntry>& rigs = reader.header().rigs;
    if (!options.has_rig() && rigs.size() == 1) {
        return 0;
    }
    std::string names;
    for (std::uint32_t place = 0; place < rigs.size(); ++place) {
        if (options.has_rig() && rigs[place].name == options.rig()) {
            return place;
        }
        names += fmt::format("{}{}", names.empty() ? "" : ", ", in_quotes(rigs[place].name));
    }
    throw invalid_field("recording.rig",
                        options.has_rig()
                            ? fmt::format("{}; valid is {}", in_quotes(options.rig()), names)
                            : fmt::format("missing; {} has several: {}", options.journal(), names));
}

/// How many levels an input has whose stimuli are stored like this; 0: continuous.
unsigned levels_of(const StorageFormat& format) {
    if (format.kind == StorageFormat::Kind::bits) {
        return 2;
    }
    if (format.kind == StorageFormat::Kind::float32 || format.offset != 0.0 || format.scale <= 0) {
        return 0;
    }
    const double steps = std::round(1.0 / format.scale);
    const bool even = steps >= 1 && steps <= 65535 && std::abs(steps * format.scale - 1.0) < 1e-9;
    return even ? static_cast<unsigned>(steps) + 1 : 0;
}

/// How many there are, and of how many eras.
struct Extent {
    std::size_t measurements = 0;
    std::set<std::uint32_t> eras;
};

Extent extent_of(const Reader& reader, std::uint32_t rig) {
    Extent extent;
    for_each_measurement(reader, rig, [&](const FactsView& facts, std::size_t) {
        ++extent.measurements;
        extent.eras.insert(facts.era);
    });
    return extent;
}

void read_measurements(const Reader& reader, std::uint32_t rig, std::size_t measurements,
                       Recording& into) {
    const RigEntry& entry = reader.header().rigs[rig];
    into.stimuli = OwnedBlock(entry.n_in, measurements);
    into.responses = OwnedBlock(entry.n_out, measurements);
    std::size_t next = 0;
    for_each_measurement(reader, rig, [&](const FactsView& facts, std::size_t sample) {
        facts.read_stimulus(sample, into.stimuli.sample(next));
        facts.read_response(sample, into.responses.sample(next));
        ++next;
    });
}

void check_drives(const Recording& recording, const std::string& path) {
    for (std::size_t i = 0; i < recording.stimuli.samples(); ++i) {
        for (const float drive : recording.stimuli.sample(i)) {
            if (!(drive >= 0.0F && drive <= 1.0F)) {
                throw invalid_field("recording.journal",
                                    fmt::format("drive {} in measurement {} of {}; valid is 0 to 1",
                                                drive, i, path));
            }
        }
    }
}

std::vector<DriveChannel> inputs_of(const RigEntry& entry, const v1::RecordingOptions& options) {
    const Drives drives = drives_of(options, entry.n_in);
    const unsigned levels = levels_of(entry.stimulus_storage);
    std::vector<DriveChannel> inputs;
    inputs.reserve(entry.n_in);
    for (std::size_t k = 0; k < entry.n_in; ++k) {
        inputs.push_back(
            input_channel(options, fmt::format("in {}", k), drives.zero[k], drives.one[k], levels));
    }
    return inputs;
}

std::vector<ResponseChannel> outputs_of(const OwnedBlock& responses,
                                        const v1::RecordingOptions& options) {
    std::vector<ResponseChannel> outputs;
    outputs.reserve(responses.channels());
    for (std::size_t k = 0; k < responses.channels(); ++k) {
        float lowest = std::numeric_limits<float>::infinity();
        float highest = -lowest;
        for (std::size_t i = 0; i < responses.samples(); ++i) {
            lowest = std::min(lowest, responses.sample(i)[k]);
            highest = std::max(highest, responses.sample(i)[k]);
        }
        outputs.push_back(output_channel(options, fmt::format("out {}", k),
                                         static_cast<double>(lowest),
                                         static_cast<double>(highest)));
    }
    return outputs;
}

std::string said_of(const Reader& reader, std::uint32_t rig, const Extent& extent,
                    const v1::RecordingOptions& options, const std::string& sha256) {
    const RigEntry& entry = reader.header().rigs[rig];
    return fmt::format("{}: {} ({}), run {}, rig {} ({}), {} measurements{}", source_of(options),
                       options.journal(), short_digest(sha256), utf8(reader.header().run),
                       in_quotes(entry.name), utf8(entry.kind), extent.measurements,
                       extent.eras.size() > 1 ? fmt::format(" of {} eras", extent.eras.size())
                                              : "");
}

Recording read(const Reader& reader, const v1::RecordingOptions& options,
               const std::string& sha256) {
    const std::uint32_t rig = rig_of(reader, options);
    const RigEntry& entry = reader.header().rigs[rig];
    const Extent extent = extent_of(reader, rig);
    if (extent.measurements == 0) {
        throw invalid_field("recording.journal",
                            fmt::format("{} has no measurement of rig {}", options.journal(),
                                        in_quotes(entry.name)));
    }
    Recording recording;
    recording.inputs = inputs_of(entry, options);
    read_measurements(reader, rig, extent.measurements, recording);
    check_drives(recording, options.journal());
    recording.outputs = outputs_of(recording.responses, options);
    recording.stimulus_storage = entry.stimulus_storage;
    recording.response_storage = entry.response_storage;
    recording.seconds_per_sample = options.seconds_per_sample();
    recording.of = said_of(reader, rig, extent, options, sha256);
    return recording;
}

} // namespace

Recording read_journal_recording(const v1::RecordingOptions& options, const RigSite& site) {
    check_options(options);
    const DataFile file = open_file(options.journal(), "recording.journal", site);
    if (file.path().empty()) {
        throw Error(Code::failed_precondition,
                    fmt::format("recording.journal: {} is no file of this machine, which a journal "
                                "has to be",
                                in_quotes(options.journal())));
    }
    try {
        // Verified first: its checksums are what says that it is damaged, and where.
        const Reader reader(file.path());
        return read(reader, options, sha256_of(*file.bytes()));
    } catch (const Error& error) {
        throw error.violations().empty() ? error_of("recording.journal", error) : error;
    }
}

} // namespace phyll::sim
