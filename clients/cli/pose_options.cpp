#include "pose_options.hpp"

#include "drivers/core/error.hpp"
#include "frame_files.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>

namespace phyll::cli {

void add_pose_options(CLI::App& command, PoseOptions& options) {
    command.add_option("--channel", options.channel,
                       "Drive this input alone, counted from 0, all others at rest");
    command.add_option("--drive", options.drive, "How far that input is driven, 0 to 1");
    command
        .add_option("--tone", options.tone,
                    "Play this tone, 440Hz or 1.2kHz, at --level; on one output, counted from 0, "
                    "with --channel, else on all")
        ->transform(CLI::AsNumberWithUnit(std::map<std::string, double>{{"Hz", 1.0}, {"kHz", 1e3}},
                                          CLI::AsNumberWithUnit::CASE_SENSITIVE, "FREQUENCY"));
    command.add_option("--level", options.level, "How loud that tone is: -20dBFS, 0dBFS at most")
        ->transform(CLI::AsNumberWithUnit(std::map<std::string, double>{{"dBFS", 1.0}},
                                          CLI::AsNumberWithUnit::CASE_SENSITIVE, "LEVEL"));
    command.add_option("--pattern", options.pattern,
                       "checker, blank, or a grey PNG file of 8 bits of the display's size");
}

namespace {

v1::Pose tone_of(const PoseOptions& options) {
    if (!options.tone || !options.level || options.drive || options.pattern) {
        throw invalid_field("pose", "a tone is --tone with --level, and --channel where one output "
                                    "alone is to play it");
    }
    if (*options.level > 0) {
        throw invalid_field("level", fmt::format("{:g} dBFS; valid is 0 dBFS at most, which is "
                                                 "full scale",
                                                 *options.level));
    }
    v1::Pose pose;
    pose.mutable_tone()->set_frequency(*options.tone);
    pose.mutable_tone()->set_amplitude(std::pow(10.0, *options.level / 20));
    if (options.channel) {
        pose.mutable_tone()->set_output(*options.channel);
    }
    return pose;
}

} // namespace

v1::Pose pose_of(const PoseOptions& options) {
    if (options.tone || options.level) {
        return tone_of(options);
    }
    if (options.pattern ? options.channel || options.drive : !(options.channel && options.drive)) {
        throw invalid_field("pose", "valid is --channel with --drive, --pattern, or --tone "
                                    "with --level");
    }
    v1::Pose pose;
    if (!options.pattern) {
        pose.mutable_channel()->set_channel(*options.channel);
        pose.mutable_channel()->set_drive(*options.drive);
    } else if (options.pattern->ends_with(".png")) {
        *pose.mutable_picture() = read_picture(*options.pattern);
    } else {
        pose.set_pattern(*options.pattern);
    }
    return pose;
}

} // namespace phyll::cli
