#pragma once

#include <phyll/v1/runs.pb.h>

#include <nlohmann/json_fwd.hpp>
#include <ostream>

namespace phyll::cli {

/// What a run was under, as one JSON object.
[[nodiscard]] nlohmann::json to_json(const v1::Conditions& conditions);

/// The same for people, as indented lines.
void print_conditions(std::ostream& out, const v1::Conditions& conditions);

} // namespace phyll::cli
