#pragma once

#include <phyll/v1/rigs.pb.h>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace phyll::cli {

/// What a rig is to be held at, as it is asked for on the command line.
struct PoseOptions {
    std::optional<std::uint32_t> channel;
    std::optional<double> drive;
    std::optional<std::string> pattern;
    std::optional<double> tone;  ///< Hz
    std::optional<double> level; ///< dBFS

    [[nodiscard]] bool given() const { return channel || drive || pattern || tone || level; }
};

/// `--channel`, `--drive`, `--pattern`, `--tone` and `--level`. `options` outlives the command's
/// parsing.
void add_pose_options(CLI::App& command, PoseOptions& options);

/// Throws INVALID_ARGUMENT when they do not say one pose; as `read_picture` does.
[[nodiscard]] v1::Pose pose_of(const PoseOptions& options);

} // namespace phyll::cli
