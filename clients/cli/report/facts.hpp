#pragma once

#include <phyll/v1/rig.pb.h>
#include <phyll/v1/runs.pb.h>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace phyll::cli {

class App;

/// What a rig was when the run started first.
struct RigFacts {
    std::string name;
    v1::LayerSpec spec;
};

/// All that is said of a run, as phylld gave it.
struct RunFacts {
    v1::RunReply run;
    std::vector<v1::EpochMetrics> epochs; ///< of the latest attempt, in order
    std::vector<v1::Event> events;        ///< all others, in order
    std::string run_file;                 ///< as it was given; empty: there is none
    nlohmann::json scheme_options = nlohmann::json::object();
    std::vector<RigFacts> rigs;
    double time = 0.0; ///< when it was asked for, seconds since 1970, UTC
};

/// Throws what phylld refuses with; DATA_LOSS when it sends something else.
[[nodiscard]] RunFacts gather_facts(App& app, std::uint64_t run);

/// An accuracy, or what is to be said instead.
struct AccuracyRow {
    std::string name;
    std::optional<double> test{};
    std::optional<double> train{};
    std::uint64_t queries = 0; ///< for training and evaluation, beyond the run's own for controls
    std::string instead = "not measured";
    std::string reason{}; ///< why there is none, where that is known
};

/// The run itself first, then everything that it is to be held against, whether or not it was
/// measured. What the run itself is, is "this run".
[[nodiscard]] std::vector<AccuracyRow> accuracies_of(const v1::RunReply& run);

/// Whether the run was judged on test samples.
[[nodiscard]] bool has_accuracy(const v1::RunInfo& run);

} // namespace phyll::cli
