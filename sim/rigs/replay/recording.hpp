#pragma once

#include "drivers/core/physical_layer.hpp"
#include "sim/rigs/simulated_rig.hpp"

#include <string>
#include <vector>

namespace phyll::sim {

namespace v1 {
class RecordingOptions;
} // namespace v1

/// What was measured on a device, whatever it was read from: everything that a rig on a recording
/// needs to know. A further source of recordings is a further function that returns one.
struct Recording {
    std::vector<DriveChannel> inputs;
    std::vector<ResponseChannel> outputs; ///< with the range of what was recorded
    StorageFormat stimulus_storage{};     ///< that keeps every stimulus as it is
    StorageFormat response_storage{};     ///< that keeps every response as it is
    double seconds_per_sample = 0.0;
    std::string of;       ///< for the evidence: names, number of measurements, digest
    OwnedBlock stimuli;   ///< n_in x measurements, as drives in [0, 1]
    OwnedBlock responses; ///< n_out x measurements, in physical units
};

/// Reads the pair of files, or the journal, that the options name. Throws INVALID_ARGUMENT naming
/// the option, or file, line and column, that is wrong; what `site.read` throws, and for a journal
/// what journal::Reader throws (DATA_LOSS when it is damaged, FAILED_PRECONDITION while it is
/// written), with the option before it.
[[nodiscard]] Recording read_recording(const v1::RecordingOptions& options, const RigSite& site);

/// The spec of a rig on this recording, but for its kind and evidence.
[[nodiscard]] LayerSpec spec_of(const Recording& recording);

} // namespace phyll::sim
