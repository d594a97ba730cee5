#pragma once

#include "daemon/runs/checkpoints/checkpoint.hpp"
#include "daemon/runs/store.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace phyll::runs {

/// The checkpoints of a run: HDF5 files `checkpoint-<step>.h5` in its folder, and their records in
/// the store, which decide.
///
///   /state/<array>   float32: weights, optimiser, scales, what training carries along
///   /position        text: phyll.runs.RunPosition as JSON
///
/// Thread rule: one caller at a time.
class Checkpoints {
  public:
    /// `store` outlives this. `spec_sha256` is that of the run spec.
    Checkpoints(std::filesystem::path folder, std::uint64_t run, std::string spec_sha256,
                Store& store);

    /// Writes a checkpoint aside, puts it in its place and records it, together with the epochs
    /// that ended in the step before it. Whole or not at all, and may be called again after it
    /// threw: what `write_file` and the store throw.
    void keep(Checkpoint checkpoint, const std::vector<v1::EpochMetrics>& epochs, double time);

    /// The latest one of a step below `below` that is what was recorded; nothing when the run
    /// begins at its start. What cannot be used is named in `remarks`; files that were never
    /// recorded are removed.
    [[nodiscard]] std::optional<Checkpoint> latest(std::vector<std::string>& remarks,
                                                   std::uint64_t below = UINT64_MAX) const;

  private:
    /// Throws DATA_LOSS, or what reading a file throws, with the file's name.
    [[nodiscard]] Checkpoint load(const CheckpointRecord& record) const;
    void remove_unrecorded(const std::vector<CheckpointRecord>& recorded,
                           std::vector<std::string>& remarks) const;

    std::filesystem::path folder_;
    std::uint64_t run_;
    std::string spec_sha256_;
    Store& store_;
};

} // namespace phyll::runs
