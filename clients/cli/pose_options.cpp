#include "pose_options.hpp"

#include "drivers/core/error.hpp"
#include "frame_files.hpp"

namespace phyll::cli {

void add_pose_options(CLI::App& command, PoseOptions& options) {
    command.add_option("--channel", options.channel,
                       "Drive this input alone, counted from 0, all others at rest");
    command.add_option("--drive", options.drive, "How far that input is driven, 0 to 1");
    command.add_option("--pattern", options.pattern,
                       "checker, blank, or a grey PNG file of 8 bits of the display's size");
}

v1::Pose pose_of(const PoseOptions& options) {
    if (options.pattern ? options.channel || options.drive : !(options.channel && options.drive)) {
        throw invalid_field("pose", "valid is either --channel with --drive, or --pattern");
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
