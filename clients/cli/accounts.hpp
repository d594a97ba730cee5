#pragma once

#include <nlohmann/json_fwd.hpp>
#include <ostream>
#include <phyll/v1/runs.pb.h>
#include <string>

namespace phyll::cli {

/// "690 GFLOP", "1.23 kJ", "85.0 mJ": to three digits.
[[nodiscard]] std::string with_prefix(double value, const char* unit);

/// "85.2 %", or "-" where it is not known how long the run was under way.
[[nodiscard]] std::string wait_share(const v1::RunResult& result, double wait_seconds);

/// "1.23 kJ rigs, 85.0 J computer, from stated watts"; for a result that has one of them.
[[nodiscard]] std::string energy_words(const v1::RunResult& result);

/// What a run has cost, for people: times, operations and energy in total, one line each.
void print_totals(std::ostream& out, const v1::RunResult& result);

/// Whose journals answered a run; 0: none but its own.
struct Journals {
    std::uint64_t reuse_from = 0; ///< borrowed from
    std::uint64_t replay_of = 0;  ///< answered everything
};

/// The same per layer and in total, as a table. What did not occur has no column.
void print_layers(std::ostream& out, const v1::RunResult& result, const Journals& journals);

/// Adds the totals of what a run has cost to an object, and the layers' as "layers".
void add_accounts(nlohmann::json& out, const v1::RunResult& result);

/// Adds those that an epoch has of the run so far.
void add_accounts(nlohmann::json& out, const v1::EpochMetrics& epoch);

} // namespace phyll::cli
