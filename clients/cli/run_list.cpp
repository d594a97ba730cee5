#include "output.hpp"
#include "run_commands.hpp"
#include "run_view.hpp"
#include "when.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ctime>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace phyll::cli {
namespace {

struct ListArguments {
    std::string rig;
    std::vector<std::string> states;
    std::string since;
    std::uint32_t limit = 0;
};

v1::RunState parse_state(const std::string& text) {
    std::vector<std::string> valid;
    for (int number = v1::RunState_MIN; number <= v1::RunState_MAX; ++number) {
        const auto state = static_cast<v1::RunState>(number);
        if (state == v1::RUN_STATE_UNSPECIFIED) {
            continue;
        }
        if (name_of(state) == text) {
            return state;
        }
        valid.push_back(name_of(state));
    }
    throw invalid_field("--state", fmt::format("'{}' is no state of a run; valid are {}", text,
                                               fmt::join(valid, ", ")));
}

v1::ListRunsRequest request_for(const ListArguments& arguments) {
    v1::ListRunsRequest request;
    request.set_rig(arguments.rig);
    for (const std::string& state : arguments.states) {
        request.add_states(parse_state(state));
    }
    if (!arguments.since.empty()) {
        request.set_since(
            parse_when("--since", arguments.since, static_cast<double>(std::time(nullptr))));
    }
    request.set_limit(arguments.limit);
    return request;
}

void list(App& app, const ListArguments& arguments) {
    const auto reply =
        app.client().call<v1::ListRunsReply>("phyll.v1.Runs/List", request_for(arguments));
    Table table({"RUN", "NAME", "STATE", "TEST", "QUERIES", "RIGS", "SUBMITTED", "BY", "REASON"});
    for (const v1::RunInfo& info : reply.runs()) {
        if (app.json()) {
            std::cout << to_json(info, "run").dump() << '\n';
        }
        const v1::RunResult& result = info.result();
        table.add({std::to_string(info.run()), info.name().empty() ? "-" : info.name(),
                   name_of(info.state()), info.has_result() ? percent(result.test_accuracy()) : "-",
                   info.has_result()
                       ? count(result.training_queries() + result.evaluation_queries())
                       : "-",
                   fmt::format("{}", fmt::join(info.rigs(), ",")), local_time(info.submitted()),
                   info.submitted_by(), info.reason()});
    }
    if (!app.json()) {
        table.print(std::cout);
    }
}

} // namespace

void add_run_list(App& app, CLI::App& run) {
    CLI::App* command = run.add_subcommand("list", "Runs, newest first");
    const auto arguments = std::make_shared<ListArguments>();
    command->add_option("--rig", arguments->rig, "Only runs on this rig");
    command->add_option("--state", arguments->states, "Only runs in these states: STATE[,STATE]")
        ->delimiter(',')
        ->allow_extra_args(false);
    command->add_option(
        "--since", arguments->since,
        "Only runs submitted since then: 2026-11-24, 2026-11-24T10:00, 90min, 2h, 3d");
    command->add_option("--limit", arguments->limit, "Only the newest so many");
    command->callback([&app, arguments] { list(app, *arguments); });
}

} // namespace phyll::cli
