#include "app.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/admin.pb.h>

#include <iostream>
#include <memory>
#include <string>

namespace phyll::cli {
namespace {

void log_level(App& app, const std::string& level) {
    v1::SetLogLevelRequest request;
    request.set_level(level);
    const auto reply =
        app.client().call<v1::SetLogLevelReply>("phyll.v1.Admin/SetLogLevel", request);
    if (app.json()) {
        std::cout << nlohmann::json{{"level", reply.level()}, {"before", reply.before()}}.dump()
                  << '\n';
    } else if (level.empty()) {
        std::cout << reply.level() << '\n';
    } else {
        std::cout << fmt::format("{} after {}, until phylld starts again or reloads its "
                                 "configuration\n",
                                 reply.level(), reply.before());
    }
}

} // namespace

void add_log_level_command(App& app) {
    CLI::App* command = app.commands().add_subcommand(
        "log-level", "How much phylld writes to its log, and from now on (admins only)");
    const auto level = std::make_shared<std::string>();
    command->add_option("level", *level, "trace, debug, info, warn or error; without it, it stays")
        ->type_name("LEVEL");
    command->callback([&app, level] { log_level(app, *level); });
}

} // namespace phyll::cli
