#pragma once

#include "app.hpp"

#include <memory>
#include <string>
#include <utility>

namespace phyll::cli {

/// What makes sub-commands of "rig": each takes the rig's name, which goes to `arguments->rig`, and
/// does what it is given with the arguments.
template <class Arguments>
[[nodiscard]] auto rig_actions(App& app, CLI::App& rig, std::shared_ptr<Arguments> arguments) {
    return [&app, &rig, arguments = std::move(arguments)](const char* name, const char* about,
                                                          void (*action)(App&, const Arguments&)) {
        CLI::App* command = rig.add_subcommand(name, about);
        command->add_option("rig", arguments->rig, "Name of the rig")->required();
        command->callback([&app, arguments, action] { action(app, *arguments); });
        return command;
    };
}

} // namespace phyll::cli
