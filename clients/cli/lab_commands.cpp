#include "app.hpp"
#include "labs.hpp"
#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

namespace phyll::cli {
namespace {

nlohmann::json to_json(const Lab& lab) {
    return {{"lab", lab.name},
            {"endpoint", lab.endpoint},
            {"server_key", lab.server_key.text()},
            {"key", lab.key.string()}};
}

void list(App& app) {
    Table table({"LAB", "ENDPOINT", "SERVER KEY", "KEY"});
    for (const Lab& lab : read_labs(profiles_file())) {
        if (app.json()) {
            std::cout << to_json(lab).dump() << '\n';
        }
        table.add({lab.name, lab.endpoint, lab.server_key.short_text(), lab.key.string()});
    }
    if (!app.json()) {
        table.print(std::cout);
    }
}

struct LabArguments {
    std::string name;
    std::string endpoint;
    std::string server_key;
    std::string key;
};

void add(App& app, const LabArguments& arguments) {
    add_lab(profiles_file(), {.name = arguments.name,
                              .endpoint = arguments.endpoint,
                              .server_key = PublicKey::read("--server-key", arguments.server_key),
                              .key = arguments.key});
    const Lab lab = find_lab(profiles_file(), arguments.name);
    if (app.json()) {
        nlohmann::json line = to_json(lab);
        line["event"] = "lab_added";
        std::cout << line.dump() << '\n';
        return;
    }
    std::cout << fmt::format("{} is in {}; 'phyllctl --lab {} rigs' asks it", lab.name,
                             profiles_file().string(), lab.name)
              << (std::filesystem::exists(lab.key)
                      ? "\n"
                      : fmt::format(", once there is a key in {}: phyllctl key new\n",
                                    lab.key.string()));
}

} // namespace

void add_lab_commands(App& app) {
    CLI::App* lab = app.commands().add_subcommand("lab", "The labs that you have keys for");
    lab->require_subcommand(1);
    lab->add_subcommand("list", "Those that --lab knows")->callback([&app] { list(app); });

    CLI::App* adding = lab->add_subcommand(
        "add", "Give a lab a name, for --lab; 'phyllctl key add' prints the rest");
    const auto wanted = std::make_shared<LabArguments>();
    adding->add_option("name", wanted->name, "As you want to call it")->required();
    adding->add_option("--endpoint", wanted->endpoint, "Where its phylld listens: tcp://HOST:PORT")
        ->required();
    adding->add_option("--server-key", wanted->server_key, "The public key of that phylld")
        ->required();
    adding->add_option("--key", wanted->key,
                       "File of your own key, by default ~/.config/phyll/client.key");
    adding->callback([&app, wanted] { add(app, *wanted); });
}

} // namespace phyll::cli
