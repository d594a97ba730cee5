#pragma once

#include "daemon/training/data/data_set.hpp"
#include "drivers/core/readers/data_file.hpp"
#include "phyll/v1/run_spec.pb.h"

#include <cstdint>

namespace phyll::training {

/// The data that a run asks for, split, with the copies that `data.augment` asks for. `spec` has
/// its defaults filled in. Throws INVALID_ARGUMENT that names the field, and whatever `read` and
/// `parse_csv` throw.
[[nodiscard]] SplitData load_data(const phyll::v1::DataSpec& spec, std::uint64_t seed,
                                  const FileReader& read);

} // namespace phyll::training
