#include "csv_file.hpp"
#include "epoch_rows.hpp"
#include "group_arguments.hpp"
#include "group_commands.hpp"
#include "run_commands.hpp"
#include "run_view.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace phyll::cli {
namespace {

/// Members of a group, or the run itself.
std::vector<v1::RunInfo> runs_of(App& app, const Target& target) {
    if (!target.is_group) {
        return {get_run(app, target.number).info()};
    }
    const v1::GroupReply group = get_group(app, target.number);
    return {group.members().begin(), group.members().end()};
}

void metrics_csv(App& app, const std::vector<v1::RunInfo>& runs, bool group) {
    std::cout << (group ? "run,seed,overrides," : "") << epoch_csv_names() << '\n';
    for (const v1::RunInfo& run : runs) {
        const std::string member =
            group ? fmt::format("{},{},{},", run.run(), run.seed(),
                                csv_field(fmt::format("{}", fmt::join(run.overrides(), ", "))))
                  : "";
        for_each_epoch(app, run.run(), [&](const v1::Event& event) {
            std::cout << member << epoch_csv(event) << '\n';
        });
    }
}

void metrics_table(App& app, const std::vector<v1::RunInfo>& runs) {
    std::vector<EpochRow> rows;
    for (const v1::RunInfo& run : runs) {
        for_each_epoch(app, run.run(), [&](const v1::Event& event) {
            rows.push_back({.run = run.run(), .seed = run.seed(), .event = event});
        });
    }
    print_epochs(std::cout, rows);
}

void metrics(App& app, const std::string& text, bool csv) {
    if (csv && app.json()) {
        throw Error(Code::invalid_argument, "give --csv or --json, not both");
    }
    const Target target = parse_target(text);
    const std::vector<v1::RunInfo> runs = runs_of(app, target);
    if (csv) {
        metrics_csv(app, runs, target.is_group);
    } else if (!app.json()) {
        metrics_table(app, runs);
    } else {
        for (const v1::RunInfo& run : runs) {
            for_each_epoch(app, run.run(), [&](const v1::Event& event) {
                std::cout << to_json(event, run.run()).dump() << '\n';
            });
        }
    }
}

} // namespace

void add_run_metrics(App& app, CLI::App& run) {
    struct Metrics {
        std::string run;
        bool csv = false;
    };
    CLI::App* measuring = run.add_subcommand("metrics", "The epochs of a run, or of a group's");
    const auto measured = std::make_shared<Metrics>();
    measuring->add_option("run", measured->run, "Number of the run, or of a group: g3")->required();
    measuring->add_flag("--csv", measured->csv, "CSV instead of a table");
    measuring->callback([&app, measured] { metrics(app, measured->run, measured->csv); });
}

} // namespace phyll::cli
