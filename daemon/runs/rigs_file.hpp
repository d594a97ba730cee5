#pragma once

#include "drivers/core/physical_layer.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace phyll::runs {

// What a run's rigs were when it started first: `rigs.json` in its folder, a phyll.v1.RigsReply of
// names and specs. Whoever replays the run's journal has no rigs to ask.

inline constexpr const char* rigs_file_name = "rigs.json";

/// Throws what `write_file` does.
void write_rigs(const std::filesystem::path& file,
                const std::map<std::string, const LayerSpec*>& rigs);

/// Throws NOT_FOUND when it is not there, DATA_LOSS when it is something else.
[[nodiscard]] std::map<std::string, LayerSpec> read_rigs(const std::filesystem::path& file);

} // namespace phyll::runs
