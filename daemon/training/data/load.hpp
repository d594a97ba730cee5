#pragma once

#include "daemon/training/data/data_set.hpp"
#include "phyll/v1/run_spec.pb.h"

#include <cstdint>
#include <functional>
#include <string>

namespace phyll::training {

/// Gives the content of a file that a run names; throws NOT_FOUND when there is none.
using FileReader = std::function<std::string(const std::string& path)>;

/// The data that a run asks for, split. `spec` has its defaults filled in. Throws INVALID_ARGUMENT
/// that names the field, and whatever `read` and `parse_csv` throw.
[[nodiscard]] SplitData load_data(const phyll::v1::DataSpec& spec, std::uint64_t seed,
                                  const FileReader& read);

} // namespace phyll::training
