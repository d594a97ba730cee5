#pragma once

#include "daemon.hpp"
#include "daemon/doctor/examination.hpp"

#include <filesystem>
#include <ostream>

namespace phyll {

/// Makes the checks of docs/doctor.md on the lab that this process serves from `state_dir`. The
/// clock outlives it. What comes back may be called from any thread; it takes seconds.
[[nodiscard]] doctor::Examine examiner(const Settings& settings,
                                       const std::filesystem::path& state_dir, const Clock& clock);

/// Makes them without serving, as when phylld does not start, and says on `out` what they find:
/// nothing is made, changed or locked, and no instrument is reached for. False where a finding is
/// worse than a note.
[[nodiscard]] bool examine(const Settings& settings, bool json, std::ostream& out);

} // namespace phyll
