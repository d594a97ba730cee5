#pragma once

#include "daemon.hpp"
#include "daemon/doctor/examination.hpp"

#include <functional>
#include <ostream>
#include <stop_token>
#include <vector>

namespace phyll {

/// Makes the checks of docs/doctor.md on the lab that this process serves from `state_dir`, whose
/// rigs are as they are handed over. The clock outlives it. What comes back may be called from any
/// thread; it takes seconds.
[[nodiscard]] std::function<std::vector<v1::Examined>(std::vector<doctor::ExaminedRig> rigs,
                                                      std::stop_token stop)>
examiner(const Settings& settings, const std::filesystem::path& state_dir, const Clock& clock);

/// Makes them without serving, as when phylld does not start, and says on `out` what they find:
/// nothing is made, changed or locked, and no instrument is reached for. False where a finding is
/// worse than a note.
[[nodiscard]] bool examine(const Settings& settings, bool json, std::ostream& out);

} // namespace phyll
