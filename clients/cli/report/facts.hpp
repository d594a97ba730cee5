#pragma once

#include <phyll/v1/groups.pb.h>
#include <phyll/v1/rig.pb.h>
#include <phyll/v1/runs.pb.h>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::cli {

class App;

/// What a rig was when the run started first.
struct RigFacts {
    std::string name;
    v1::LayerSpec spec;
};

/// How the sentinels of a rig moved, round by round.
struct RigDrift {
    struct Round {
        double number = 0; ///< of the rig's next measurement
        std::uint64_t era = 0;
        /// From the era's first rounds, in standard deviations of the response; not finite where
        /// that is not known.
        double deviation = 0;
    };
    struct Mark {
        double number = 0;
        bool displaced = false; ///< on purpose; else an era ended
    };
    std::string rig;
    std::vector<Round> rounds;
    std::map<std::uint64_t, double> noise; ///< by era: the deviation by noise alone
    std::vector<Mark> marks;
};

/// All that is said of a run, as phylld gave it.
struct RunFacts {
    v1::RunReply run;
    std::vector<v1::EpochMetrics> epochs; ///< of the latest attempt, in order
    std::vector<v1::Event> events;        ///< all others, in order
    std::string run_file;                 ///< as it was given; empty: there is none
    nlohmann::json scheme_options = nlohmann::json::object();
    std::vector<RigFacts> rigs;
    std::optional<v1::GroupReply> group{}; ///< that the run belongs to
    std::vector<RigDrift> drift;           ///< of rigs with sentinels
    std::string no_drift;                  ///< why phylld gave none, where there should be some
    double time = 0.0;                     ///< when it was asked for, seconds since 1970, UTC
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

/// Where a kind of control stands in a table of them; unknown ones last.
[[nodiscard]] std::size_t place_of_control(std::string_view kind);

/// The members that differ from the run in their seeds alone, itself among them; null: it belongs
/// to no group.
[[nodiscard]] const v1::GroupVariant* variant_of(const RunFacts& facts);
/// The seeds of a variant's members, rising.
[[nodiscard]] std::vector<std::uint64_t> seeds_of(const v1::GroupReply& group,
                                                  const v1::GroupVariant& variant);

/// Whether the run was judged on test samples.
[[nodiscard]] bool has_accuracy(const v1::RunInfo& run);

} // namespace phyll::cli
