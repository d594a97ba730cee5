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

/// What a run has cost, for people: times, operations and energy in total, one line each.
void print_totals(std::ostream& out, const v1::RunResult& result);

/// The same per layer and in total, as a table. What did not occur has no column. `reuse_from` is
/// the run whose journal was borrowed from.
void print_layers(std::ostream& out, const v1::RunResult& result, std::uint64_t reuse_from);

/// Adds the totals of what a run has cost to an object, and the layers' as "layers".
void add_accounts(nlohmann::json& out, const v1::RunResult& result);

/// Adds those that an epoch has of the run so far.
void add_accounts(nlohmann::json& out, const v1::EpochMetrics& epoch);

} // namespace phyll::cli
