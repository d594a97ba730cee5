#pragma once

#include <nlohmann/json_fwd.hpp>
#include <phyll/v1/rig.pb.h>

#include <ostream>
#include <string>

namespace phyll::cli {

[[nodiscard]] nlohmann::json calibration_json(const v1::Calibration& calibration);

/// "valid, of 2026-11-24 03:40:12 by phylld 0.1.0", "missing: it was never calibrated".
[[nodiscard]] std::string in_words(const v1::Calibration& calibration);

/// What was measured, a line each, and the instruments it holds for.
void print_quantities(const v1::Calibration& calibration, std::ostream& out);

} // namespace phyll::cli
