#include "app.hpp"

#include <nlohmann/json.hpp>
#include <phyll/v1/lab.pb.h>

#include <iostream>

namespace phyll::cli {
namespace {

void print_metrics(App& app) {
    const auto reply =
        app.client().call<v1::MetricsReply>("phyll.v1.Lab/Metrics", v1::MetricsRequest());
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "metrics"}, {"text", reply.text()}}.dump() << '\n';
    } else {
        std::cout << reply.text();
    }
}

} // namespace

void add_metrics_command(App& app) {
    app.commands()
        .add_subcommand("metrics", "What Prometheus would read of phylld: docs/metrics.md")
        ->callback([&app] { print_metrics(app); });
}

} // namespace phyll::cli
