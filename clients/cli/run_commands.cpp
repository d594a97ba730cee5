#include "run_commands.hpp"

#include "before_start.hpp"
#include "data_upload.hpp"
#include "group_arguments.hpp"
#include "group_commands.hpp"
#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/runs.pb.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <system_error>
#include <unistd.h>

namespace phyll::cli {
namespace {

struct FileArguments {
    std::string file;
    std::vector<std::string> set;
    bool physics_only = false;
    bool simulate = false;
};

struct StartArguments : FileArguments {
    std::string name;
    std::string note;
    std::string seeds;
    std::vector<std::string> sweeps;
    std::int32_t priority = 0;
    bool watch = false;
    bool yes = false;
};

v1::RunFile read_run_file(const FileArguments& arguments) {
    std::ifstream file(arguments.file, std::ios::binary);
    if (!file) {
        throw Error(Code::not_found, fmt::format("cannot read the run file {}: {}", arguments.file,
                                                 std::generic_category().message(errno)));
    }
    v1::RunFile out;
    out.set_name(arguments.file);
    out.set_text(std::string(std::istreambuf_iterator<char>(file), {}));
    for (const std::string& set : arguments.set) {
        out.add_overrides(set);
    }
    if (arguments.physics_only) {
        out.add_overrides("controls.physics_only=true");
    }
    return out;
}

void check(App& app, const FileArguments& arguments) {
    v1::CheckRequest request;
    *request.mutable_file() = read_run_file(arguments);
    *request.mutable_files() = send_files(app, request.file(), {}).all;
    request.set_simulate(arguments.simulate);
    const auto reply = app.client().call<v1::CheckReply>("phyll.v1.Runs/Check", request, {});
    if (app.json()) {
        nlohmann::json line{{"event", "checked"},
                            {"classes", reply.classes()},
                            {"features", reply.features()},
                            {"training_samples", reply.training_samples()},
                            {"shown_as", reply.shown_as()},
                            {"test_samples", reply.test_samples()},
                            {"training_queries", reply.training_queries()},
                            {"evaluation_queries", reply.evaluation_queries()},
                            {"hardware_seconds", reply.hardware_seconds()},
                            {"evidence", name_of(reply.evidence())},
                            {"layers", nlohmann::json::array()},
                            {"controls", nlohmann::json::array()}};
        for (const v1::LayerPlan& layer : reply.layers()) {
            line["layers"].push_back({{"layer", layer.layer()},
                                      {"rig", layer.rig()},
                                      {"inputs", layer.inputs()},
                                      {"features", layer.features()},
                                      {"width", layer.width()},
                                      {"training_queries", layer.training_queries()},
                                      {"evaluation_queries", layer.evaluation_queries()},
                                      {"hardware_seconds", layer.hardware_seconds()}});
        }
        for (const v1::ControlPlan& control : reply.controls()) {
            line["controls"].push_back({{"kind", control.kind()},
                                        {"asked_for", control.asked_for()},
                                        {"training_queries", control.training_queries()},
                                        {"evaluation_queries", control.evaluation_queries()},
                                        {"hardware_seconds", control.hardware_seconds()}});
        }
        std::cout << line.dump() << '\n';
        return;
    }
    std::cout << fmt::format("{}: {} classes, {} features, {} training and {} test samples\n",
                             arguments.file, reply.classes(), reply.features(),
                             count(reply.training_samples()), count(reply.test_samples()));
    if (reply.shown_as() > 1) {
        const std::uint32_t shift = reply.spec().data().augment().shift();
        std::cout << fmt::format("{} training images, each as it is and moved by {} {} up, down, "
                                 "left and right\n",
                                 count(reply.training_samples() / reply.shown_as()), shift,
                                 shift == 1 ? "pixel" : "pixels");
    }
    Table table(
        {"LAYER", "RIG", "INPUTS", "FEATURES", "WIDTH", "TRAINING", "EVALUATION", "HARDWARE TIME"});
    for (const v1::LayerPlan& layer : reply.layers()) {
        table.add({std::to_string(layer.layer()), layer.rig().empty() ? "none" : layer.rig(),
                   std::to_string(layer.inputs()), std::to_string(layer.features()),
                   std::to_string(layer.width()), count(layer.training_queries()),
                   count(layer.evaluation_queries()), duration(layer.hardware_seconds())});
    }
    table.print(std::cout);
    std::cout << fmt::format(
        "at most {} queries for training and {} for evaluation: {} of hardware "
        "time at the rigs' nominal speed\n",
        count(reply.training_queries()), count(reply.evaluation_queries()),
        duration(reply.hardware_seconds()));
    for (const v1::ControlPlan& control : reply.controls()) {
        std::cout << fmt::format(
            "control {}: at most {} queries for training and {} for evaluation more, {}{}\n",
            control_name(control.kind()), count(control.training_queries()),
            count(control.evaluation_queries()), duration(control.hardware_seconds()),
            control.asked_for() ? "" : " (only with --physics-only)");
    }
    std::cout << fmt::format("evidence: {}\n", name_of(reply.evidence()));
}

/// Shows a run until it is over; the exit status says how it ended.
void watch(App& app, std::uint64_t run) {
    RunView view(watch_style(app), std::cout);
    v1::WatchRequest request;
    request.set_run(run);
    app.let_signals_interrupt();
    try {
        app.client().stream<v1::WatchItem>("phyll.v1.Runs/Watch", request,
                                           [&](const v1::WatchItem& item) {
                                               view.show(item);
                                               return true;
                                           });
    } catch (const Error& error) {
        if (error.code() == Code::cancelled) {
            throw Error(
                error.code(),
                fmt::format("stopped watching; run {0} goes on: 'phyllctl run watch {0}' watches "
                            "it again, 'phyllctl run cancel {0}' ends it",
                            run));
        }
        throw;
    }
    const v1::RunReply reply = get_run(app, run);
    view.finish(reply);
    app.set_exit(reply.info().state() == v1::SUCCEEDED ? Exit::ok : Exit::failed_run);
}

void start_group(App& app, const StartArguments& arguments) {
    std::vector<Sweep> sweeps;
    sweeps.reserve(arguments.sweeps.size());
    for (const std::string& sweep : arguments.sweeps) {
        sweeps.push_back(parse_sweep(sweep));
    }
    const auto members = members_of(arguments.seeds.empty() ? std::vector<std::uint64_t>()
                                                            : parse_seeds(arguments.seeds),
                                    sweeps);
    v1::SubmitGroupRequest request;
    *request.mutable_file() = read_run_file(arguments);
    *request.mutable_members() = {members.begin(), members.end()};
    request.set_simulate(arguments.simulate);
    request.set_priority(arguments.priority);
    request.set_name(arguments.name);
    request.set_note(arguments.note);
    request.set_idempotency_key(idempotency_key());
    const SentFiles files = send_files(app, request.file(), members);
    *request.mutable_files() = files.all;
    if (!arguments.simulate) {
        ask_before_start(app, request.file(), members, files, arguments.yes);
    }
    const std::uint64_t group = submit_group(app, request);
    if (arguments.watch) {
        watch_group(app, group);
    }
}

void start(App& app, const StartArguments& arguments) {
    if (!arguments.seeds.empty() || !arguments.sweeps.empty()) {
        start_group(app, arguments);
        return;
    }
    v1::SubmitRequest request;
    *request.mutable_file() = read_run_file(arguments);
    request.set_name(arguments.name);
    request.set_note(arguments.note);
    request.set_idempotency_key(idempotency_key());
    request.set_simulate(arguments.simulate);
    request.set_priority(arguments.priority);
    const SentFiles files = send_files(app, request.file(), {});
    *request.mutable_files() = files.all;
    if (!arguments.simulate) {
        ask_before_start(app, request.file(), {}, files, arguments.yes);
    }
    submitted(app, app.client().call<v1::SubmitReply>("phyll.v1.Runs/Submit", request, {}).run(),
              arguments.watch);
}

struct ReplayArguments {
    std::uint64_t run = 0;
    std::string name;
    std::string note;
    bool watch = false;
};

void replay(App& app, const ReplayArguments& arguments) {
    v1::ReplayRequest request;
    request.set_run(arguments.run);
    request.set_name(arguments.name);
    request.set_note(arguments.note);
    request.set_idempotency_key(idempotency_key());
    submitted(app, app.client().call<v1::SubmitReply>("phyll.v1.Runs/Replay", request, {}).run(),
              arguments.watch);
}

void add_file_options(CLI::App& command, FileArguments& arguments) {
    command.add_option("file", arguments.file, "Run file (TOML)")->required();
    command
        .add_option("--set", arguments.set,
                    "Override a key of the file: --set training.epochs=50 (repeatable)")
        ->allow_extra_args(false);
    command.add_flag("--physics-only", arguments.physics_only,
                     "Also train the network without its skip paths, as a control that costs "
                     "hardware time");
    command.add_flag("--simulate", arguments.simulate,
                     "On the simulations of the rigs that are made of instruments");
}

} // namespace

void submitted(App& app, std::uint64_t run, bool and_watch) {
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "submitted"}, {"run", run}}.dump() << std::endl;
    } else {
        std::cout << fmt::format("run {}\n", run) << std::flush;
    }
    if (and_watch) {
        watch(app, run);
    }
}

RunView::Style watch_style(const App& app) {
    return app.json()                     ? RunView::Style::json
           : ::isatty(STDOUT_FILENO) != 0 ? RunView::Style::bar
                                          : RunView::Style::lines;
}

void add_run_commands(App& app) {
    CLI::App* run = app.commands().add_subcommand("run", "Training runs");
    run->require_subcommand(1);

    CLI::App* checking =
        run->add_subcommand("check", "Validate a run file and say what it will cost");
    const auto file = std::make_shared<FileArguments>();
    add_file_options(*checking, *file);
    checking->callback([&app, file] { check(app, *file); });

    CLI::App* starting = run->add_subcommand("start", "Submit a run");
    const auto job = std::make_shared<StartArguments>();
    add_file_options(*starting, *job);
    starting->add_option("--name", job->name, "Name of the run, instead of the file's");
    starting->add_option("--note", job->note, "What to remember about it");
    starting->add_option("--seeds", job->seeds,
                         "A group of runs, one for each seed: 0..9, or 0,3,7");
    starting
        ->add_option("--sweep", job->sweeps,
                     "A group of runs, one for each value of a key: "
                     "training.learning_rate=1e-3,5e-3 (repeatable: every combination)")
        ->allow_extra_args(false);
    starting->add_option("--priority", job->priority,
                         "Before which others it is served: -1000 to 1000, larger ones first");
    starting->add_flag("--watch", job->watch, "Show it until it is over");
    starting->add_flag("-y,--yes", job->yes, "Do not ask before it drives instruments");
    starting->callback([&app, job] { start(app, *job); });

    CLI::App* replaying = run->add_subcommand(
        "replay", "Train a run again from its own journal, without asking a rig");
    const auto again = std::make_shared<ReplayArguments>();
    replaying->add_option("run", again->run, "Number of the run")->required();
    replaying->add_option("--name", again->name, "Name of the new run, instead of the old one's");
    replaying->add_option("--note", again->note, "What to remember about it");
    replaying->add_flag("--watch", again->watch, "Show it until it is over");
    replaying->callback([&app, again] { replay(app, *again); });

    add_run_list(app, *run);
    add_run_metrics(app, *run);
    add_run_records(app, *run);
    add_run_export(app, *run);
    add_run_control(app, *run);

    using Action = void (*)(App&, std::uint64_t);
    const auto add_action = [&](const char* name, const char* about, Action of_run,
                                Action of_group) {
        CLI::App* command = run->add_subcommand(name, about);
        const auto target = std::make_shared<std::string>();
        command->add_option("run", *target, "Number of the run, or of a group: g3")->required();
        command->callback([&app, target, of_run, of_group] {
            const Target what = parse_target(*target);
            (what.is_group ? of_group : of_run)(app, what.number);
        });
    };
    add_action("show", "A run and its result, or a group and its figures", show_run, show_group);
    add_action("watch", "Follow a run or a group until it is over", watch, watch_group);
}

} // namespace phyll::cli
