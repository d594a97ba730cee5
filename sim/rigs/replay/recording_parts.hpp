#pragma once

#include "drivers/core/physical_layer.hpp"
#include "drivers/core/readers/data_file.hpp"
#include "sim/rigs/replay/recording.pb.h"
#include "sim/rigs/simulated_rig.hpp"

#include <cstddef>
#include <string>
#include <vector>

/// What the sources of recordings have in common.
namespace phyll::sim {

/// Opens a file that an option names. Throws FAILED_PRECONDITION where no files are at hand, else
/// what `site.read` throws; both with the option before it.
[[nodiscard]] DataFile open_file(const std::string& path, const char* option, const RigSite& site);

/// What drive 0 and drive 1 stand for, per input.
struct Drives {
    std::vector<double> zero;
    std::vector<double> one;
};
/// Those of the options, given once for all inputs, or for each, or not at all. Throws
/// INVALID_ARGUMENT for another number of them.
[[nodiscard]] Drives drives_of(const v1::RecordingOptions& options, std::size_t inputs);

/// An input between two values. Throws INVALID_ARGUMENT when they are the same.
[[nodiscard]] DriveChannel input_channel(const v1::RecordingOptions& options, std::string name,
                                         double zero, double one, unsigned levels);

/// An output whose responses were between two values.
[[nodiscard]] ResponseChannel output_channel(const v1::RecordingOptions& options, std::string name,
                                             double lowest, double highest);

/// What was recorded, in the options' words.
[[nodiscard]] std::string source_of(const v1::RecordingOptions& options);

/// "sha256 0123456789ab...": enough to tell files apart.
[[nodiscard]] std::string short_digest(const std::string& sha256);

/// The journal that the options name, instead of a pair of files; throws as `read_recording` does.
struct Recording;
[[nodiscard]] Recording read_journal_recording(const v1::RecordingOptions& options,
                                               const RigSite& site);

} // namespace phyll::sim
