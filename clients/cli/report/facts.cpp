#include "clients/cli/report/facts.hpp"

#include "clients/cli/app.hpp"
#include "clients/cli/group_commands.hpp"
#include "clients/cli/output.hpp"
#include "clients/cli/run_commands.hpp"

#include "clients/cli/when.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <limits>
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

/// What `Runs/Export` gives as one JSON object.
nlohmann::json exported(App& app, std::uint64_t run, const std::string& what) {
    v1::ExportRequest request;
    request.set_run(run);
    request.set_what(what);
    std::string text;
    app.client().download<v1::ExportItem>(
        "phyll.v1.Runs/Export", request,
        [&](const v1::ExportItem&, std::span<const std::byte> part) {
            for (const std::byte byte : part) {
                text += static_cast<char>(byte);
            }
            return true;
        });
    nlohmann::json object = nlohmann::json::parse(text, nullptr, false);
    if (!object.is_object()) {
        throw Error(Code::data_loss,
                    fmt::format("phylld sent no {} of run {}; ask again", what, run));
    }
    return object;
}

double number_in(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number() ? found->get<double>()
                                                       : std::numeric_limits<double>::quiet_NaN();
}

RigDrift drift_of(const nlohmann::json& rig) {
    RigDrift drift;
    drift.rig = rig.value("rig", "");
    for (const nlohmann::json& round : rig.value("rounds", nlohmann::json::array())) {
        drift.rounds.push_back({.number = number_in(round, "number"),
                                .era = round.value("era", std::uint64_t{0}),
                                .deviation = number_in(round, "deviation")});
    }
    for (const nlohmann::json& noise : rig.value("noise", nlohmann::json::array())) {
        drift.noise[noise.value("era", std::uint64_t{0})] = number_in(noise, "deviation");
    }
    for (const nlohmann::json& mark : rig.value("marks", nlohmann::json::array())) {
        drift.marks.push_back({.number = number_in(mark, "number"),
                               .displaced = mark.value("kind", "") == "perturbed"});
    }
    return drift;
}

/// Whether the journal may have sentinels.
bool has_sentinels(const v1::RunReply& run) {
    const v1::RunInfo& info = run.info();
    return info.has_result() ? info.result().sentinel_queries() > 0
                             : info.kind() == v1::TRAINING && run.spec().sentinels().every() > 0;
}

/// A journal that is not there, or not to be read yet, is no reason to write no report.
void add_drift(App& app, RunFacts& facts) {
    try {
        const nlohmann::json drift = exported(app, facts.run.info().run(), "drift");
        for (const nlohmann::json& rig : drift.value("rigs", nlohmann::json::array())) {
            facts.drift.push_back(drift_of(rig));
        }
    } catch (const Error& error) {
        if (error.code() != Code::not_found && error.code() != Code::failed_precondition &&
            error.code() != Code::data_loss && error.code() != Code::invalid_argument) {
            throw;
        }
        facts.no_drift = error.what();
    }
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
    const nlohmann::json setup = exported(app, run, "setup");
    facts.run_file = setup.value("run_file", "");
    const nlohmann::json::json_pointer options("/spec/scheme/options");
    if (setup.contains(options) && setup[options].is_object()) {
        facts.scheme_options = setup[options];
    }
    for (const nlohmann::json& rig : setup.value("rigs", nlohmann::json::array())) {
        facts.rigs.push_back({.name = rig.value("name", ""),
                              .spec = rig_spec_of(rig.value("spec", nlohmann::json::object()))});
    }
    if (facts.run.info().group() != 0) {
        facts.group = get_group(app, facts.run.info().group());
    }
    if (has_sentinels(facts.run)) {
        add_drift(app, facts);
    }
    facts.time = seconds_now();
    return facts;
}

std::size_t place_of_control(std::string_view kind) {
    return static_cast<std::size_t>(std::ranges::find(control_kinds, kind) - control_kinds.begin());
}

const v1::GroupVariant* variant_of(const RunFacts& facts) {
    if (!facts.group) {
        return nullptr;
    }
    for (const v1::GroupVariant& variant : facts.group->variants()) {
        if (std::ranges::find(variant.runs(), facts.run.info().run()) != variant.runs().end()) {
            return &variant;
        }
    }
    return nullptr;
}

std::vector<std::uint64_t> seeds_of(const v1::GroupReply& group, const v1::GroupVariant& variant) {
    std::vector<std::uint64_t> seeds;
    for (const v1::RunInfo& member : group.members()) {
        if (std::ranges::find(variant.runs(), member.run()) != variant.runs().end()) {
            seeds.push_back(member.seed());
        }
    }
    std::ranges::sort(seeds);
    return seeds;
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
