#pragma once

#include "daemon/runs/store.hpp"
#include "drivers/core/bytes.hpp"
#include "drivers/core/readers/data_file.hpp"

#include <memory>
#include <stop_token>

namespace phyll::runs {

/// All that it takes to train again, elsewhere, what a run has trained: a zip archive, see
/// docs/bundle.md. `read` opens the data files that the run file names. The archive is a file
/// without a name in the run's folder. Its bytes are a function of the run and its files.
///
/// Throws FAILED_PRECONDITION unless the run is over, what `read` throws when a data file is not
/// there any more, RESOURCE_EXHAUSTED when the disk has no room, CANCELLED when asked to stop.
[[nodiscard]] std::shared_ptr<const ByteSource>
make_bundle(const RunRecord& run, const FileReader& read, const std::stop_token& stop);

} // namespace phyll::runs
