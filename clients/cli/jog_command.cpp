// A rig is held in a pose by hand, for as long as it takes to look or to align something.

#include "app.hpp"
#include "output.hpp"
#include "pose_options.hpp"
#include "rig_actions.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/rigs.pb.h>

#include <iostream>
#include <map>
#include <memory>
#include <string>

namespace phyll::cli {
namespace {

struct JogArguments {
    std::string rig;
    PoseOptions pose;
    double seconds = 0.0;
};

void jog(App& app, const JogArguments& arguments) {
    v1::JogRequest request;
    request.set_rig(arguments.rig);
    *request.mutable_pose() = pose_of(arguments.pose);
    request.set_seconds(arguments.seconds);
    app.let_signals_interrupt(); // Ctrl-C ends it, and the rig is made safe
    const v1::RigInfo rig =
        app.driving_client().call<v1::RigReply>("phyll.v1.Rigs/Jog", request, {}).rig();
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "jogged"},
                                    {"rig", rig.name()},
                                    {"seconds", arguments.seconds},
                                    {"safe", rig.safe()}}
                         .dump()
                  << '\n';
        return;
    }
    std::cout << fmt::format("{} was held for {}; it is {}\n", rig.name(),
                             duration(arguments.seconds),
                             rig.safe() ? "safe again" : "not known to be safe");
}

} // namespace

void add_jog_command(App& app) {
    CLI::App* rig = app.commands().get_subcommand("rig");
    const auto arguments = std::make_shared<JogArguments>();
    CLI::App* command =
        rig_actions(app, *rig, arguments)("jog",
                                          "Hold a rig made of instruments in a pose, in its turn, "
                                          "and make it safe: for alignment",
                                          jog);
    add_pose_options(*command, arguments->pose);
    command->add_option("--for", arguments->seconds, "How long: 2s, 500ms, 3min; 10 min at most")
        ->required()
        ->transform(CLI::AsNumberWithUnit(
            std::map<std::string, double>{{"ms", 1e-3}, {"s", 1.0}, {"min", 60.0}},
            CLI::AsNumberWithUnit::CASE_SENSITIVE, "TIME"));
}

} // namespace phyll::cli
