#pragma once

#include "daemon/runs/store.hpp"

#include <nlohmann/json_fwd.hpp>

namespace phyll::runs {

/// What a run was set up as, for whoever writes about it: `run_file`, as it was given; `spec`, with
/// every default and the scheme's own options by their names; `rigs`, each `name` and `spec`, as
/// they were when it started first. What the run does not have is empty.
///
/// Throws what `read_rigs` throws for a damaged file.
[[nodiscard]] nlohmann::json setup_of(const RunRecord& run);

} // namespace phyll::runs
