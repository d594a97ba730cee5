#include "conditions.hpp"
#include "group_arguments.hpp"
#include "group_commands.hpp"
#include "output.hpp"
#include "run_commands.hpp"
#include "run_view.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace phyll::cli {
namespace {

void print_run(const v1::RunReply& run) {
    const v1::RunInfo& info = run.info();
    std::cout << fmt::format("run {}{}{} is {}{}{}\n", info.run(), info.name().empty() ? "" : " ",
                             info.name(), name_of(info.state()), info.reason().empty() ? "" : ": ",
                             info.reason());
    if (!info.note().empty()) {
        std::cout << fmt::format("  {:<16} {}\n", "note", info.note());
    }
    std::cout << fmt::format("  {:<16} {} by {}\n", "submitted", local_time(info.submitted()),
                             info.submitted_by());
    std::cout << fmt::format("  {:<16} {}\n", "started", local_time(info.started()));
    std::cout << fmt::format("  {:<16} {}\n", "finished", local_time(info.finished()));
    if (info.interruptions() > 0) {
        std::cout << fmt::format("  {:<16} {} time{}\n", "interrupted", info.interruptions(),
                                 info.interruptions() == 1 ? "" : "s");
    }
    if (info.holds() > 0) {
        std::cout << fmt::format("  {:<16} {} time{}\n", "held", info.holds(),
                                 info.holds() == 1 ? "" : "s");
    }
    if (info.has_checkpoint()) {
        std::cout << fmt::format("  {:<16} of step {}\n", "checkpoint", info.checkpoint());
    }
    if (info.released()) {
        std::cout << fmt::format("  {:<16} it gave its rigs up, and gets in line when resumed\n",
                                 "released");
    }
    if (info.priority() != 0) {
        std::cout << fmt::format("  {:<16} {}\n", "priority", info.priority());
    }
    if (info.retry_of() != 0) {
        std::cout << fmt::format("  {:<16} run {}\n", "another try of", info.retry_of());
    }
    if (info.replay_of() != 0) {
        std::cout << fmt::format("  {:<16} run {}\n", "replay of", info.replay_of());
    }
    if (info.group() != 0) {
        std::cout << fmt::format("  {:<16} g{}\n", "group", info.group());
    }
    if (!info.overrides().empty()) {
        std::cout << fmt::format("  {:<16} {}\n", "set", fmt::join(info.overrides(), ", "));
    }
    if (info.has_result()) {
        print_result(std::cout, run);
    } else {
        std::cout << fmt::format("  {:<16} {}\n", "seed", info.seed());
        std::cout << fmt::format("  {:<16} {}\n", "folder", info.folder());
        if (run.has_progress()) {
            print_progress(std::cout, run);
        }
    }
    if (info.has_conditions()) {
        print_conditions(std::cout, info.conditions());
    }
}

/// A value of a difference: JSON, or nothing.
nlohmann::json value_json(bool given, const std::string& text) {
    return given ? nlohmann::json::parse(text) : nlohmann::json();
}

std::string value_text(bool given, const std::string& text) {
    if (!given) {
        return "-";
    }
    const nlohmann::json value = nlohmann::json::parse(text);
    return value.is_string() ? value.get<std::string>() : text;
}

void diff(App& app, std::uint64_t a, std::uint64_t b) {
    v1::DiffRequest request;
    request.set_a(a);
    request.set_b(b);
    const auto reply = app.client().call<v1::DiffReply>("phyll.v1.Runs/Diff", request);
    // Each run leaves a rig older than it found it.
    const bool same = std::ranges::all_of(
        reply.differences(), [](const auto& difference) { return difference.section() == "age"; });
    if (app.json()) {
        nlohmann::json line{{"event", "diff"},
                            {"a", a},
                            {"b", b},
                            {"same", same},
                            {"differences", nlohmann::json::array()}};
        for (const v1::Difference& difference : reply.differences()) {
            line["differences"].push_back({{"section", difference.section()},
                                           {"path", difference.path()},
                                           {"a", value_json(difference.has_a(), difference.a())},
                                           {"b", value_json(difference.has_b(), difference.b())}});
        }
        std::cout << line.dump() << '\n';
        return;
    }
    std::cout << fmt::format("run {} and run {}: {}\n", a, b,
                             !same                         ? "they differ in"
                             : reply.differences().empty() ? "nothing different"
                                                           : "nothing different but the rigs' age "
                                                             "at the start");
    if (reply.differences().empty()) {
        return;
    }
    Table table({"WHAT", "PATH", fmt::format("RUN {}", a), fmt::format("RUN {}", b)});
    for (const v1::Difference& difference : reply.differences()) {
        table.add({difference.section(), difference.path(),
                   value_text(difference.has_a(), difference.a()),
                   value_text(difference.has_b(), difference.b())});
    }
    table.print(std::cout, "  ");
}

void remove(App& app, const std::vector<std::string>& targets) {
    v1::RemoveRequest request;
    for (const std::string& text : targets) {
        const Target target = parse_target(text);
        (target.is_group ? request.mutable_groups() : request.mutable_runs())->Add(target.number);
    }
    app.client().call<v1::RemoveReply>("phyll.v1.Runs/Remove", request, {});
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "removed"},
                                    {"runs", std::vector<std::uint64_t>(request.runs().begin(),
                                                                        request.runs().end())},
                                    {"groups", std::vector<std::uint64_t>(request.groups().begin(),
                                                                          request.groups().end())}}
                         .dump()
                  << '\n';
    } else {
        std::cout << fmt::format("removed {}\n", fmt::join(targets, ", "));
    }
}

} // namespace

void for_each_epoch(App& app, std::uint64_t run,
                    const std::function<void(const v1::Event&)>& take) {
    v1::RunMetricsRequest request;
    request.set_run(run);
    request.set_limit(5000);
    v1::RunMetricsReply reply;
    do {
        reply = app.client().call<v1::RunMetricsReply>("phyll.v1.Runs/Metrics", request);
        for (const v1::Event& event : reply.epochs()) {
            take(event);
            request.set_after_event(event.number());
        }
    } while (reply.epochs_size() == static_cast<int>(request.limit()));
}

v1::RunReply get_run(App& app, std::uint64_t run) {
    v1::RunRequest request;
    request.set_run(run);
    return app.client().call<v1::RunReply>("phyll.v1.Runs/Get", request);
}

void show_run(App& app, std::uint64_t run) {
    const v1::RunReply reply = get_run(app, run);
    if (app.json()) {
        nlohmann::json line = to_json(reply.info(), "run");
        if (reply.has_progress()) {
            line["progress"] = to_json(reply.progress(), run);
            line["progress"].erase("event");
            line["progress"].erase("run");
        }
        std::cout << line.dump() << '\n';
    } else {
        print_run(reply);
    }
}

void add_run_records(App& app, CLI::App& run) {
    CLI::App* comparing = run.add_subcommand(
        "diff", "In what two runs differ: run file, configuration, versions, result");
    const auto compared = std::make_shared<std::vector<std::uint64_t>>();
    comparing->add_option("runs", *compared, "Numbers of the two runs")->required()->expected(2);
    comparing->callback([&app, compared] { diff(app, (*compared)[0], (*compared)[1]); });

    CLI::App* removing = run.add_subcommand(
        "remove", "Remove runs and groups that are over, with all that is kept of them");
    const auto removed = std::make_shared<std::vector<std::string>>();
    removing->add_option("runs", *removed, "Numbers of runs, and of groups: g3")->required();
    removing->callback([&app, removed] { remove(app, *removed); });
}

} // namespace phyll::cli
