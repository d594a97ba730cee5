// How anybody at the bench stops rigs, and gives them free again.

#include "app.hpp"
#include "output.hpp"
#include "rig_actions.hpp"
#include "rig_blocks.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/rigs.pb.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <string>

namespace phyll::cli {
namespace {

/// A driver that hangs is given up after its patience; the rig is then not known to be safe.
constexpr std::chrono::milliseconds stop_timeout{120'000};

struct StopArguments {
    std::string rig;
    bool all = false;
    std::string note;
};

nlohmann::json to_json(const char* event, const v1::RigInfo& rig) {
    return {{"event", event},
            {"rig", rig.name()},
            {"safe", rig.safe()},
            {"safe_reason", rig.safe_reason()},
            {"blocks", blocks_json(rig)}};
}

std::string how_it_is(const v1::RigInfo& rig) {
    return rig.safe() ? "safe"
                      : fmt::format("NOT known to be safe{}{}",
                                    rig.safe_reason().empty() ? "" : ": ", rig.safe_reason());
}

void stop(App& app, const StopArguments& arguments) {
    v1::StopRequest request;
    request.set_rig(arguments.rig);
    request.set_all(arguments.all);
    request.set_note(arguments.note);
    const auto reply =
        app.client().call<v1::StopReply>("phyll.v1.Rigs/Stop", request, stop_timeout);
    for (const v1::RigInfo& rig : reply.rigs()) {
        if (app.json()) {
            std::cout << to_json("stopped", rig).dump() << '\n';
        } else {
            std::cout << fmt::format("{} is stopped and {}; 'phyllctl rig acknowledge {}' gives it "
                                     "free again\n",
                                     rig.name(), how_it_is(rig), rig.name());
        }
    }
    if (!std::ranges::all_of(reply.rigs(), [](const v1::RigInfo& rig) { return rig.safe(); })) {
        app.set_exit(Exit::unavailable);
    }
}

struct NoteArguments {
    std::string rig;
    std::string note;
};

v1::RigInfo ask(App& app, const char* method, const NoteArguments& arguments) {
    v1::RigNoteRequest request;
    request.set_rig(arguments.rig);
    request.set_note(arguments.note);
    return app.client().call<v1::RigReply>(method, request, stop_timeout).rig();
}

void disable(App& app, const NoteArguments& arguments) {
    const v1::RigInfo rig = ask(app, "phyll.v1.Rigs/Disable", arguments);
    if (!rig.safe()) {
        app.set_exit(Exit::unavailable);
    }
    if (app.json()) {
        std::cout << to_json("disabled", rig).dump() << '\n';
        return;
    }
    std::cout << fmt::format("{} is disabled and {}; nobody drives it until 'phyllctl rig enable "
                             "{}'\n",
                             rig.name(), how_it_is(rig), rig.name());
}

/// Says what still keeps the rig from being driven.
void given_free(App& app, const char* event, const char* what, const v1::RigInfo& rig) {
    if (app.json()) {
        std::cout << to_json(event, rig).dump() << '\n';
        return;
    }
    std::cout << fmt::format("{} is {}{}\n", rig.name(), what,
                             rig.blocks().empty() ? "" : ", but still " + blocks_in_words(rig));
}

void acknowledge(App& app, const NoteArguments& arguments) {
    given_free(app, "acknowledged", "acknowledged",
               ask(app, "phyll.v1.Rigs/Acknowledge", arguments));
}

void enable(App& app, const NoteArguments& arguments) {
    v1::RigRequest request;
    request.set_rig(arguments.rig);
    given_free(app, "enabled", "enabled",
               app.client().call<v1::RigReply>("phyll.v1.Rigs/Enable", request).rig());
}

} // namespace

void add_stop_commands(App& app) {
    CLI::App* stopping = app.commands().add_subcommand(
        "stop", "Emergency stop: abort what a rig is doing and make it safe, whoever holds it");
    const auto what = std::make_shared<StopArguments>();
    CLI::Option* one = stopping->add_option("rig", what->rig, "Name of the rig");
    stopping->add_flag("--all", what->all, "All rigs")->excludes(one);
    stopping->add_option("--note", what->note, "Why");
    stopping->callback([&app, what] { stop(app, *what); });

    CLI::App* rig = app.commands().get_subcommand("rig");
    const auto arguments = std::make_shared<NoteArguments>();
    const auto add = rig_actions(app, *rig, arguments);
    add("disable", "Tag a rig out: it is made safe, and nobody drives it until it is enabled",
        disable)
        ->add_option("--note", arguments->note, "Why: \"fibre open\"")
        ->required();
    add("enable", "Let a rig be driven again that was disabled", enable);
    add("acknowledge",
        "Say that somebody has looked: after an emergency stop, or where a rig could not be made "
        "safe",
        acknowledge)
        ->add_option("--note", arguments->note, "What was found");
}

} // namespace phyll::cli
