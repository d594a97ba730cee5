#include "sim/rigs/replay/recording_parts.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::sim {
namespace {

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

} // namespace

DataFile open_file(const std::string& path, const char* option, const RigSite& site) {
    if (!site.read) {
        throw Error(Code::failed_precondition,
                    fmt::format("{}: {} cannot be read: no files are at hand here", option,
                                in_quotes(path)));
    }
    try {
        return site.read(path);
    } catch (const Error& error) {
        throw error_of(option, error);
    }
}

Drives drives_of(const v1::RecordingOptions& options, std::size_t inputs) {
    return {.zero = for_each_channel(options.zero(), 0.0, inputs, "recording.zero"),
            .one = for_each_channel(options.one(), 1.0, inputs, "recording.one")};
}

DriveChannel input_channel(const v1::RecordingOptions& options, std::string name, double zero,
                           double one, unsigned levels) {
    if (zero == one) {
        throw invalid_field("recording.one",
                            fmt::format("{} on input '{}'; valid is another value than that of "
                                        "drive 0",
                                        one, name));
    }
    return {.name = std::move(name),
            .unit = options.has_stimulus_unit() ? options.stimulus_unit() : "1",
            .at_zero = zero,
            .at_one = one,
            .levels = levels < 2 ? 0 : levels};
}

ResponseChannel output_channel(const v1::RecordingOptions& options, std::string name, double lowest,
                               double highest) {
    const auto first = static_cast<double>(static_cast<float>(lowest));
    const auto last = static_cast<double>(static_cast<float>(highest));
    // A range of no width would make anything but one value a fault.
    const double margin = first < last ? 0.0 : std::max(1e-6, 1e-3 * std::abs(first));
    return {.name = std::move(name),
            .unit = options.has_response_unit() ? options.response_unit() : "1",
            .minimum = first - margin,
            .maximum = last + margin,
            .note = {}};
}

std::string source_of(const v1::RecordingOptions& options) {
    return options.has_source() ? options.source() : "a recording";
}

std::string short_digest(const std::string& sha256) {
    constexpr std::size_t digits = 12;
    return fmt::format("sha256 {}...", sha256.substr(0, digits));
}

} // namespace phyll::sim
