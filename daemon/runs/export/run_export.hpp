#pragma once

#include "daemon/runs/store.hpp"
#include "drivers/core/bytes.hpp"
#include "drivers/core/readers/data_file.hpp"

#include <memory>
#include <stop_token>
#include <string>

namespace phyll::runs {

/// A file made of what a run left, to be handed out: it has no name on this machine and is gone
/// when nobody holds it. `what` is "measurements" (`MeasurementsWriter`), "numpy"
/// (`write_numpy`), "bundle" (`make_bundle`) or "setup" (`setup_of`); `read` opens the data files
/// that a run file names.
///
/// Throws INVALID_ARGUMENT for anything else; NOT_FOUND when the run has measured nothing;
/// FAILED_PRECONDITION while it is under way; RESOURCE_EXHAUSTED when the disk has no room for the
/// file; DATA_LOSS when the journal is damaged; CANCELLED when asked to stop.
[[nodiscard]] std::shared_ptr<const ByteSource> export_run(const RunRecord& run,
                                                           const std::string& what,
                                                           const FileReader& read,
                                                           const std::stop_token& stop);

} // namespace phyll::runs
