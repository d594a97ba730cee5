#include "group_arguments.hpp"
#include "group_commands.hpp"
#include "group_view.hpp"
#include "run_commands.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <random>
#include <vector>

namespace phyll::cli {
namespace {

struct PauseArguments {
    std::string target;
    bool release = false;
};

struct RetryArguments {
    std::uint64_t run = 0;
    std::string name;
    std::string note;
    bool watch = false;
};

struct PriorityArguments {
    std::string target;
    std::int32_t priority = 0;
};

v1::RunRequest request_for(std::uint64_t run) {
    v1::RunRequest request;
    request.set_run(run);
    return request;
}

/// A pause comes after the block under way, which takes as long as the rig does.
constexpr Client::Timeout until_it_is = std::nullopt;

void pause_run(App& app, std::uint64_t run, bool release) {
    v1::PauseRequest request;
    request.set_run(run);
    request.set_release(release);
    app.client().call<v1::RunReply>("phyll.v1.Runs/Pause", request, until_it_is);
}

void resume_run(App& app, std::uint64_t run) {
    app.client().call<v1::RunReply>("phyll.v1.Runs/Resume", request_for(run));
}

void prioritise_run(App& app, std::uint64_t run, std::int32_t priority) {
    v1::PrioritiseRequest request;
    request.set_run(run);
    request.set_priority(priority);
    app.client().call<v1::RunReply>("phyll.v1.Runs/Prioritise", request);
}

/// The members of a group that are in this state.
std::vector<std::uint64_t> members_in(App& app, std::uint64_t group, v1::RunState state) {
    std::vector<std::uint64_t> runs;
    const v1::GroupReply reply = get_group(app, group);
    for (const v1::RunInfo& member : reply.members()) {
        if (member.state() == state) {
            runs.push_back(member.run());
        }
    }
    return runs;
}

/// Throws where there are none.
void require_some(const std::vector<std::uint64_t>& runs, std::uint64_t group, const char* state,
                  const char* hint) {
    if (runs.empty()) {
        throw Error(Code::failed_precondition,
                    fmt::format("no member of group g{} is {}; {}", group, state, hint));
    }
}

/// Where a member ends instead of being paused, the next one may be under way by then.
void pause_unless_over(App& app, std::uint64_t run) {
    try {
        pause_run(app, run, false);
    } catch (const Error& error) {
        if (error.code() != Code::failed_precondition) {
            throw;
        }
    }
}

void pause_group(App& app, std::uint64_t group, bool release) {
    if (release) {
        throw invalid_field("--release", "of a group would let its next member have the rigs; "
                                         "pause single runs with it");
    }
    auto running = members_in(app, group, v1::RUNNING);
    require_some(running, group, "running", "those that wait in line are not under way");
    for (; !running.empty(); running = members_in(app, group, v1::RUNNING)) {
        for (const std::uint64_t run : running) {
            pause_unless_over(app, run);
        }
    }
    show_group(app, group);
}

void resume_group(App& app, std::uint64_t group) {
    const auto paused = members_in(app, group, v1::PAUSED);
    require_some(paused, group, "paused",
                 "those that wait for a person are resumed one by one, after a look at their rigs");
    for (const std::uint64_t run : paused) {
        resume_run(app, run);
    }
    show_group(app, group);
}

void cancel(App& app, std::uint64_t run) {
    app.client().call<v1::RunReply>("phyll.v1.Runs/Cancel", request_for(run));
    // A running run ends at its next step: wait for that, so that its rigs are safe on return.
    v1::WatchRequest watching;
    watching.set_run(run);
    app.client().stream<v1::WatchItem>("phyll.v1.Runs/Watch", watching,
                                       [](const v1::WatchItem&) { return true; });
    show_run(app, run);
}

void prioritise_group(App& app, std::uint64_t group, std::int32_t priority) {
    const v1::GroupReply reply = get_group(app, group);
    for (const v1::RunInfo& member : reply.members()) {
        if (!is_final(member.state())) {
            prioritise_run(app, member.run(), priority);
        }
    }
    show_group(app, group);
}

void retry(App& app, const RetryArguments& arguments) {
    v1::RetryRequest request;
    request.set_run(arguments.run);
    request.set_name(arguments.name);
    request.set_note(arguments.note);
    request.set_idempotency_key(idempotency_key());
    submitted(app, app.client().call<v1::SubmitReply>("phyll.v1.Runs/Retry", request, {}).run(),
              arguments.watch);
}

constexpr const char* run_or_group = "Number of the run, or of a group: g3";

void add_pause(App& app, CLI::App& run) {
    CLI::App* command =
        run.add_subcommand("pause", "Hold a run up; its rigs are safe when the command returns");
    const auto arguments = std::make_shared<PauseArguments>();
    command->add_option("run", arguments->target, run_or_group)->required();
    command->add_flag("--release", arguments->release,
                      "Others may have its rigs meanwhile: it gets in line when it is resumed");
    command->callback([&app, arguments] {
        const Target what = parse_target(arguments->target);
        if (what.is_group) {
            pause_group(app, what.number, arguments->release);
            return;
        }
        pause_run(app, what.number, arguments->release);
        show_run(app, what.number);
    });
}

void add_retry(App& app, CLI::App& run) {
    CLI::App* command =
        run.add_subcommand("retry", "Run the run file of a run that is over once more");
    const auto arguments = std::make_shared<RetryArguments>();
    command->add_option("run", arguments->run, "Number of the run")->required();
    command->add_option("--name", arguments->name, "Name of the new run, instead of the old one's");
    command->add_option("--note", arguments->note, "What to remember about it");
    command->add_flag("--watch", arguments->watch, "Show it until it is over");
    command->callback([&app, arguments] { retry(app, *arguments); });
}

void add_priority(App& app, CLI::App& run) {
    CLI::App* command = run.add_subcommand(
        "priority", "Before which others a run is served, of those that wait for the same rigs");
    const auto arguments = std::make_shared<PriorityArguments>();
    command->add_option("run", arguments->target, run_or_group)->required();
    command
        ->add_option("priority", arguments->priority,
                     "-1000 to 1000, larger ones first; 0 where nothing else is said")
        ->required();
    command->callback([&app, arguments] {
        const Target what = parse_target(arguments->target);
        if (what.is_group) {
            prioritise_group(app, what.number, arguments->priority);
            return;
        }
        prioritise_run(app, what.number, arguments->priority);
        show_run(app, what.number);
    });
}

/// Of a run or a group, without more words.
template <class OfRun, class OfGroup>
void add_plain(App& app, CLI::App& run, const char* name, const char* about, OfRun of_run,
               OfGroup of_group) {
    CLI::App* command = run.add_subcommand(name, about);
    const auto target = std::make_shared<std::string>();
    command->add_option("run", *target, run_or_group)->required();
    command->callback([&app, target, of_run, of_group] {
        const Target what = parse_target(*target);
        what.is_group ? of_group(app, what.number) : of_run(app, what.number);
    });
}

} // namespace

std::string idempotency_key() {
    std::random_device random;
    return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

void add_run_control(App& app, CLI::App& run) {
    add_pause(app, run);
    add_plain(
        app, run, "resume", "Let a run go on that is paused, or is held until a person has looked",
        [](App& the_app, std::uint64_t number) {
            resume_run(the_app, number);
            show_run(the_app, number);
        },
        resume_group);
    add_plain(app, run, "cancel",
              "End a run or a group; its rigs are safe when the command returns", cancel,
              cancel_group);
    add_retry(app, run);
    add_priority(app, run);
}

} // namespace phyll::cli
