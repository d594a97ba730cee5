#pragma once

#include "app.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstdint>

// The commands below `run`, shared between their source files.
namespace phyll::cli {

/// `run list`
void add_run_list(App& app, CLI::App& run);
/// `run show`, `diff`, `metrics`, `remove`
void add_run_records(App& app, CLI::App& run);

[[nodiscard]] v1::RunReply get_run(App& app, std::uint64_t run);
void show_run(App& app, std::uint64_t run);

} // namespace phyll::cli
