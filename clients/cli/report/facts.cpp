#include "clients/cli/report/facts.hpp"

#include "clients/cli/app.hpp"
#include "clients/cli/output.hpp"
#include "clients/cli/run_commands.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

namespace phyll::cli {
namespace {

/// In the order in which they are shown.
constexpr std::array control_kinds{"physics_only",   "without_physics", "random_features",
                                   "softmax_inputs", "ridge_inputs",    "softmax_responses",
                                   "ridge_responses"};

std::vector<v1::Event> events_of(App& app, std::uint64_t run) {
    v1::WatchRequest request;
    request.set_run(run);
    std::vector<v1::Event> events;
    std::uint64_t last = 0;
    app.client().stream<v1::WatchItem>("phyll.v1.Runs/Watch", request,
                                       [&](const v1::WatchItem& item) {
                                           if (item.has_snapshot()) {
                                               last = item.snapshot().last_event();
                                               return last > 0;
                                           }
                                           if (!item.has_event()) {
                                               return true;
                                           }
                                           if (!item.event().has_epoch()) {
                                               events.push_back(item.event());
                                           }
                                           return item.event().number() < last;
                                       });
    return events;
}

nlohmann::json setup_of(App& app, std::uint64_t run) {
    v1::ExportRequest request;
    request.set_run(run);
    request.set_what("setup");
    std::string text;
    app.client().download<v1::ExportItem>(
        "phyll.v1.Runs/Export", request,
        [&](const v1::ExportItem&, std::span<const std::byte> part) {
            for (const std::byte byte : part) {
                text += static_cast<char>(byte);
            }
            return true;
        });
    nlohmann::json setup = nlohmann::json::parse(text, nullptr, false);
    if (!setup.is_object()) {
        throw Error(Code::data_loss, fmt::format("phylld sent no setup of run {}; ask again", run));
    }
    return setup;
}

v1::LayerSpec rig_spec_of(const nlohmann::json& spec) {
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true; // of a newer phylld
    v1::LayerSpec out;
    if (const auto status = google::protobuf::util::JsonStringToMessage(spec.dump(), &out, options);
        !status.ok()) {
        throw Error(Code::data_loss, "phylld sent no description of a rig: " + status.ToString());
    }
    return out;
}

/// Whether the control is the run itself.
bool is_itself(const v1::RunSpec& spec, std::string_view kind) {
    const bool physics = std::ranges::any_of(spec.layers(), &v1::LayerConfig::physics);
    const bool skips = std::ranges::any_of(spec.layers(), [](const v1::LayerConfig& layer) {
        return layer.physics() && layer.skip();
    });
    return !spec.layers().empty() && ((kind == "physics_only" && physics && !skips) ||
                                      (kind == "without_physics" && !physics));
}

AccuracyRow row_of(const v1::Control& control) {
    AccuracyRow row;
    row.name = control_name(control.kind());
    row.queries = control.training_queries() + control.evaluation_queries();
    row.reason = control.reason();
    if (control.has_test_accuracy()) {
        row.test = control.test_accuracy();
        row.train =
            control.has_train_accuracy() ? std::optional(control.train_accuracy()) : std::nullopt;
    }
    return row;
}

} // namespace

RunFacts gather_facts(App& app, std::uint64_t run) {
    RunFacts facts;
    facts.run = get_run(app, run);
    for_each_epoch(app, run,
                   [&](const v1::Event& event) { facts.epochs.push_back(event.epoch()); });
    facts.events = events_of(app, run);
    const nlohmann::json setup = setup_of(app, run);
    facts.run_file = setup.value("run_file", "");
    const nlohmann::json::json_pointer options("/spec/scheme/options");
    if (setup.contains(options) && setup[options].is_object()) {
        facts.scheme_options = setup[options];
    }
    for (const nlohmann::json& rig : setup.value("rigs", nlohmann::json::array())) {
        facts.rigs.push_back({.name = rig.value("name", ""),
                              .spec = rig_spec_of(rig.value("spec", nlohmann::json::object()))});
    }
    facts.time =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    return facts;
}

bool has_accuracy(const v1::RunInfo& run) {
    return run.has_result() && run.kind() == v1::TRAINING && run.result().test_samples() > 0;
}

std::vector<AccuracyRow> accuracies_of(const v1::RunReply& run) {
    const v1::RunResult& result = run.info().result();
    std::vector<AccuracyRow> rows;
    AccuracyRow& own = rows.emplace_back();
    own.name = "this run";
    own.queries = result.training_queries() + result.evaluation_queries();
    if (has_accuracy(run.info())) {
        own.test = result.test_accuracy();
        own.train = result.train_accuracy();
    }
    const auto& controls = result.controls();
    for (const char* kind : control_kinds) {
        const auto found = std::ranges::find(controls, kind, &v1::Control::kind);
        if (found != controls.end()) {
            rows.push_back(row_of(*found));
        } else {
            AccuracyRow& row = rows.emplace_back();
            row.name = control_name(kind);
            row.instead = is_itself(run.spec(), kind) ? "this run" : row.instead;
        }
    }
    for (const v1::Control& control : controls) {
        if (std::ranges::find(control_kinds, control.kind()) == control_kinds.end()) {
            rows.push_back(row_of(control));
        }
    }
    return rows;
}

} // namespace phyll::cli
