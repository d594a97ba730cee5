#pragma once

#include "app.hpp"
#include "run_view.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <functional>
#include <string>

// The commands below `run`, shared between their source files.
namespace phyll::cli {

/// `run list`
void add_run_list(App& app, CLI::App& run);
/// `run diff`, `remove`
void add_run_records(App& app, CLI::App& run);
/// `run metrics`
void add_run_metrics(App& app, CLI::App& run);
/// `run export`, `bundle`
void add_run_export(App& app, CLI::App& run);
/// `run pause`, `resume`, `cancel`, `retry`, `priority`
void add_run_control(App& app, CLI::App& run);

[[nodiscard]] v1::RunReply get_run(App& app, std::uint64_t run);
/// Hands every epoch of a run's latest attempt to `take`, in order.
void for_each_epoch(App& app, std::uint64_t run, const std::function<void(const v1::Event&)>& take);
void show_run(App& app, std::uint64_t run);
/// Says which run a submission has become, and with `and_watch` shows it until it is over.
void submitted(App& app, std::uint64_t run, bool and_watch);
/// A submission that is repeated after a timeout starts nothing twice.
[[nodiscard]] std::string idempotency_key();
/// How what is watched is shown: by --json and whether somebody looks.
[[nodiscard]] RunView::Style watch_style(const App& app);

} // namespace phyll::cli
