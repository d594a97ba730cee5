#pragma once

#include "daemon/runs/store.hpp"

#include <phyll/v1/runs.pb.h>

#include <vector>

namespace phyll::runs {

/// In what two runs differ, in the order of the sections in the .proto, by path within each. What
/// only one of them has (a layer, a result) counts. Not compared: names, notes, times, and
/// durations in results, which are never the same twice.
[[nodiscard]] std::vector<v1::Difference> differences(const RunRecord& a, const RunRecord& b);

/// The same for what two starts were under: sections "software", "rigs", "age".
[[nodiscard]] std::vector<v1::Difference> differences(const v1::Conditions& a,
                                                      const v1::Conditions& b);

} // namespace phyll::runs
