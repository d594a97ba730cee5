#include "app.hpp"
#include "output.hpp"

#include <nlohmann/json.hpp>
#include <phyll/v1/data.pb.h>

#include <iostream>

namespace phyll::cli {
namespace {

void list(App& app) {
    const auto reply =
        app.client().call<v1::ListDataReply>("phyll.v1.Data/List", v1::ListDataRequest());
    Table table({"NAME", "KIND", "BYTES", "ABOUT"});
    for (const v1::DataSet& set : reply.sets()) {
        if (app.json()) {
            std::cout << nlohmann::json{{"name", set.name()},
                                        {"kind", set.kind()},
                                        {"bytes", set.bytes()},
                                        {"about", set.about()}}
                             .dump()
                      << '\n';
        }
        table.add(
            {set.name(), set.kind(), set.bytes() == 0 ? "-" : count(set.bytes()), set.about()});
    }
    if (!app.json()) {
        table.print(std::cout);
    }
}

} // namespace

void add_data_commands(App& app) {
    CLI::App* data = app.commands().add_subcommand("data", "Data sets");
    data->require_subcommand(1);
    data->add_subcommand("list", "What can be trained on")->callback([&app] { list(app); });
}

} // namespace phyll::cli
