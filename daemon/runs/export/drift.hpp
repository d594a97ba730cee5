#pragma once

#include "drivers/core/journal/reader.hpp"

#include <nlohmann/json.hpp>
#include <phyll/v1/run_spec.pb.h>

namespace phyll::runs {

/// How far the responses to a run's sentinels were from those at the start of their era, round by
/// round, as its journal has them; docs/reports.md has the fields. `spec` has every default filled
/// in. Rigs without a round of sentinels have no entry.
[[nodiscard]] nlohmann::json drift_of(const v1::SentinelsSpec& spec, const journal::Reader& reader);

} // namespace phyll::runs
