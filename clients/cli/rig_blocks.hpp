#pragma once

#include <nlohmann/json_fwd.hpp>
#include <phyll/v1/rig.pb.h>

#include <string>

namespace phyll::cli {

/// Why nobody may drive a rig: "disabled by anna since 2026-11-29 20:00:00: fibre open"; several
/// are joined. Empty: somebody may.
[[nodiscard]] std::string blocks_in_words(const v1::RigInfo& rig);
[[nodiscard]] nlohmann::json blocks_json(const v1::RigInfo& rig);

} // namespace phyll::cli
