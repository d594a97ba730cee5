#pragma once

#include "daemon/training/data/load.hpp"
#include "daemon/training/scheme.hpp"
#include "daemon/training/schemes/scheme_job.hpp"
#include "drivers/core/physical_layer.hpp"

#include <phyll/v1/runs.pb.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace phyll::runs {

/// What a rig is, by name; throws NOT_FOUND.
using FindRig = std::function<const LayerSpec&(const std::string& name)>;

/// What is known of each layer's rig; nothing without physics.
using Shapes = std::vector<std::optional<training::RigShape>>;

/// A run spec made ready to be trained.
struct Job {
    training::SplitData data;
    std::unique_ptr<training::Scheme> scheme;
    /// Per layer of the network: the rig's name, empty without physics; and its shape.
    std::vector<std::string> rigs;
    Shapes shapes;
    bool reuse = false;
    Workers* workers = nullptr; ///< that the schemes share
    MakeByteStore bytes;        ///< where its schemes keep what is large
};

/// What a job may use of the machine.
struct JobSite {
    Workers* workers = nullptr; ///< that share its numerical work; null: the caller's thread alone
    MakeByteStore bytes{};      ///< where its schemes keep what is large; empty: in memory
};

/// The rigs that a spec names.
[[nodiscard]] std::set<std::string> rigs_of(const v1::RunSpec& spec);

/// How often each stimulus is measured; 1 in a spec that does not say.
[[nodiscard]] std::uint32_t repeats_of(const v1::RunSpec& spec);

/// Loads the data and builds the scheme; measures nothing. `spec` has every default filled in.
/// Throws INVALID_ARGUMENT or NOT_FOUND naming what is wrong.
[[nodiscard]] Job prepare(const v1::RunSpec& spec, const FindRig& rig, const FileReader& read,
                          const JobSite& site = {});

/// A scheme for another spec on the job's data and on rigs of these shapes: one that differs from
/// the job's in whether layers have physics or a skip path, or in how its rigs are made.
[[nodiscard]] std::unique_ptr<training::Scheme> make_scheme(const v1::RunSpec& spec, const Job& job,
                                                            const Shapes& shapes);

/// What the job will cost, and its controls beyond it.
[[nodiscard]] v1::CheckReply outlook(const v1::RunSpec& spec, const Job& job, const FindRig& rig);

} // namespace phyll::runs
