#include "group_view.hpp"
#include "output.hpp"
#include "run_commands.hpp"
#include "run_view.hpp"
#include "when.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <ctime>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace phyll::cli {
namespace {

struct ListArguments {
    std::string rig;
    std::vector<std::string> states;
    std::string since;
    std::uint32_t limit = 0;
    bool members = false;
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
    throw invalid_field("--state", fmt::format("{} is no state of a run; valid are {}",
                                               in_quotes(text), fmt::join(valid, ", ")));
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
    request.set_members(arguments.members);
    return request;
}

/// A line of the list.
struct Line {
    double submitted = 0.0;
    bool is_group = false;
    std::uint64_t number = 0;
    nlohmann::json json;
    std::vector<std::string> row;
};

std::string title_of(const v1::RunInfo& info) {
    const std::string name = info.name().empty() ? "-" : info.name();
    return info.kind() == v1::TRAINING ? name : fmt::format("{} ({})", name, name_of(info.kind()));
}

Line line_of(const v1::RunInfo& info) {
    const v1::RunResult& result = info.result();
    const bool done = info.has_result();
    return {info.submitted(),
            false,
            info.run(),
            to_json(info, "run"),
            {std::to_string(info.run()), title_of(info),
             name_of(info.state()) + (info.released() ? ", released" : ""),
             info.priority() == 0 ? "-" : std::to_string(info.priority()),
             info.group() == 0 ? "-" : fmt::format("of g{}", info.group()),
             done && info.kind() == v1::TRAINING ? percent(result.test_accuracy()) : "-", "-", "-",
             !done || info.replay_of() != 0
                 ? "-"
                 : count(result.training_queries() + result.evaluation_queries()),
             fmt::format("{}", fmt::join(info.rigs(), ",")), local_time(info.submitted()),
             info.submitted_by(), info.reason()}};
}

Line line_of(const v1::GroupInfo& info) {
    const v1::Estimate& test = info.test_accuracy();
    return {info.submitted(),
            true,
            info.group(),
            to_json(info, "group"),
            {fmt::format("g{}", info.group()), info.name().empty() ? "-" : info.name(),
             name_of(info.state()), "-", progress_of(info),
             test.n() == 0 ? "-" : percent(test.mean()), deviation_of(test), interval_of(test),
             count(info.queries()), fmt::format("{}", fmt::join(info.rigs(), ",")),
             local_time(info.submitted()), info.submitted_by(), info.reason()}};
}

void print(const std::vector<Line>& lines) {
    const std::vector<std::string> header{"RUN",       "NAME", "STATE", "PRIORITY", "MEMBERS",
                                          "TEST",      "STD",  "95 %",  "QUERIES",  "RIGS",
                                          "SUBMITTED", "BY",   "REASON"};
    constexpr std::size_t priority = 3;
    constexpr std::size_t members = 4;
    const auto said = [&](std::size_t column) {
        return std::ranges::any_of(lines,
                                   [&](const Line& line) { return line.row[column] != "-"; });
    };
    const bool groups = said(members) || std::ranges::any_of(lines, &Line::is_group);
    std::set<std::size_t> left_out;
    if (!said(priority)) {
        left_out.insert(priority);
    }
    if (!groups) {
        left_out.insert({members, 6, 7}); // columns that only groups fill
    }
    const auto cut = [&](const std::vector<std::string>& row) {
        std::vector<std::string> out;
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (!left_out.contains(i)) {
                out.push_back(row[i]);
            }
        }
        return out;
    };
    Table table(cut(header));
    for (const Line& line : lines) {
        table.add(cut(line.row));
    }
    table.print(std::cout);
}

void list(App& app, const ListArguments& arguments) {
    const v1::ListRunsRequest request = request_for(arguments);
    const auto runs = app.client().call<v1::ListRunsReply>("phyll.v1.Runs/List", request);
    const auto groups = app.client().call<v1::ListGroupsReply>("phyll.v1.Groups/List", request);
    std::vector<Line> lines;
    for (const v1::GroupInfo& info : groups.groups()) {
        lines.push_back(line_of(info));
    }
    for (const v1::RunInfo& info : runs.runs()) {
        lines.push_back(line_of(info));
    }
    // Newest first; a group stands before its members.
    std::ranges::stable_sort(lines, std::ranges::greater(), [](const Line& line) {
        return std::tuple(line.submitted, line.is_group, line.number);
    });
    if (arguments.limit != 0 && lines.size() > arguments.limit) {
        lines.resize(arguments.limit);
    }
    if (!app.json()) {
        print(lines);
        return;
    }
    for (const Line& line : lines) {
        std::cout << line.json.dump() << '\n';
    }
}

} // namespace

void add_run_list(App& app, CLI::App& run) {
    CLI::App* command = run.add_subcommand("list", "Runs and groups of runs, newest first");
    const auto arguments = std::make_shared<ListArguments>();
    command->add_option("--rig", arguments->rig, "Only runs and groups on this rig");
    command->add_option("--state", arguments->states, "Only runs in these states: STATE[,STATE]")
        ->delimiter(',')
        ->allow_extra_args(false);
    command->add_option(
        "--since", arguments->since,
        "Only runs submitted since then: 2026-11-24, 2026-11-24T10:00, 90min, 2h, 3d");
    command->add_option("--limit", arguments->limit, "Only the newest so many");
    command->add_flag("--members", arguments->members, "Also each run of the groups");
    command->callback([&app, arguments] { list(app, *arguments); });
}

} // namespace phyll::cli
