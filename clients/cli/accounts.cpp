#include "accounts.hpp"

#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace phyll::cli {
namespace {

/// A column of the table: its name, and what it says of a layer. Of the total by the same name.
struct Column {
    std::string name;
    std::function<std::string(const v1::LayerCost&)> of;
};

/// The totals as if they were those of one layer.
v1::LayerCost total_of(const v1::RunResult& result) {
    v1::LayerCost total;
    total.set_training_queries(result.training_queries());
    total.set_evaluation_queries(result.evaluation_queries());
    total.set_sentinel_queries(result.sentinel_queries());
    total.set_repeat_queries(result.repeat_queries());
    total.set_reused(result.reused());
    total.set_recorded(result.recorded());
    total.set_reused_from(result.reused_from());
    total.set_hardware_seconds(result.hardware_seconds());
    total.set_nominal_seconds(result.nominal_seconds());
    total.set_digital_seconds(result.digital_seconds());
    total.set_wait_seconds(result.wait_seconds());
    total.set_operations(result.operations());
    if (result.has_hardware_joules()) {
        total.set_hardware_joules(result.hardware_joules());
    }
    if (result.has_digital_joules()) {
        total.set_digital_joules(result.digital_joules());
    }
    for (const v1::LayerCost& cost : result.layers()) {
        total.set_clipped(total.clipped() + cost.clipped());
        total.set_encoded(total.encoded() + cost.encoded());
    }
    return total;
}

std::string clipped(const v1::LayerCost& cost) {
    return percent(cost.encoded() == 0
                       ? 0.0
                       : static_cast<double>(cost.clipped()) / static_cast<double>(cost.encoded()));
}

bool any(const v1::RunResult& result, const std::function<bool(const v1::LayerCost&)>& has) {
    for (const v1::LayerCost& cost : result.layers()) {
        if (has(cost)) {
            return true;
        }
    }
    return false;
}

std::vector<Column> columns_of(const v1::RunResult& result) {
    using Cost = v1::LayerCost;
    std::vector<Column> columns{
        {"TRAINING", [](const Cost& cost) { return count(cost.training_queries()); }},
        {"EVALUATION", [](const Cost& cost) { return count(cost.evaluation_queries()); }}};
    if (result.repeat_queries() > 0) {
        columns.push_back(
            {"REPEATS", [](const Cost& cost) { return count(cost.repeat_queries()); }});
    }
    if (result.recorded() > 0) {
        columns.push_back(
            {"FROM JOURNAL", [](const Cost& cost) { return count(cost.recorded()); }});
    }
    if (result.sentinel_queries() > 0) {
        columns.push_back(
            {"SENTINELS", [](const Cost& cost) { return count(cost.sentinel_queries()); }});
    }
    columns.push_back({"FROM MEMORY", [](const Cost& cost) { return count(cost.reused()); }});
    if (result.reused_from() > 0) {
        columns.push_back({"BORROWED", [](const Cost& cost) { return count(cost.reused_from()); }});
    }
    columns.push_back(
        {"HARDWARE", [](const Cost& cost) { return duration(cost.hardware_seconds()); }});
    columns.push_back(
        {"NOMINAL", [](const Cost& cost) { return duration(cost.nominal_seconds()); }});
    columns.push_back(
        {"DIGITAL", [](const Cost& cost) { return duration(cost.digital_seconds()); }});
    columns.push_back(
        {"WAIT", [&result](const Cost& cost) { return wait_share(result, cost.wait_seconds()); }});
    columns.push_back(
        {"OPERATIONS", [](const Cost& cost) { return with_prefix(cost.operations(), "FLOP"); }});
    if (any(result, [](const Cost& cost) { return cost.has_hardware_joules(); })) {
        columns.push_back({"RIG ENERGY", [](const Cost& cost) {
                               return cost.has_hardware_joules()
                                          ? with_prefix(cost.hardware_joules(), "J")
                                          : "-";
                           }});
    }
    if (any(result, [](const Cost& cost) { return cost.has_digital_joules(); })) {
        columns.push_back({"DIGITAL ENERGY", [](const Cost& cost) {
                               return cost.has_digital_joules()
                                          ? with_prefix(cost.digital_joules(), "J")
                                          : "-";
                           }});
    }
    columns.push_back({"CLIPPED", clipped});
    return columns;
}

/// What results, layers and epochs call by the same names.
template <class Costs>
void add_measures(nlohmann::json& out, const Costs& costs) {
    out["training_queries"] = costs.training_queries();
    out["evaluation_queries"] = costs.evaluation_queries();
    out["sentinel_queries"] = costs.sentinel_queries();
    out["reused"] = costs.reused();
    out["hardware_seconds"] = costs.hardware_seconds();
    out["digital_seconds"] = costs.digital_seconds();
    out["wait_seconds"] = costs.wait_seconds();
    out["operations"] = costs.operations();
    if (costs.has_hardware_joules()) {
        out["hardware_joules"] = costs.hardware_joules();
    }
    if (costs.has_digital_joules()) {
        out["digital_joules"] = costs.digital_joules();
    }
}

/// What results and layers do.
template <class Costs>
void add_counts(nlohmann::json& out, const Costs& costs) {
    add_measures(out, costs);
    out["repeat_queries"] = costs.repeat_queries();
    out["recorded"] = costs.recorded();
    out["reused_from"] = costs.reused_from();
    out["nominal_seconds"] = costs.nominal_seconds();
}

/// What results and epochs do.
template <class Costs>
void add_share(nlohmann::json& out, const Costs& costs) {
    out["active_seconds"] = costs.active_seconds();
    if (costs.active_seconds() > 0) {
        out["wait_share"] = costs.wait_seconds() / costs.active_seconds();
    }
}

} // namespace

std::string with_prefix(double value, const char* unit) {
    static constexpr std::array<std::pair<double, const char*>, 8> prefixes{{{1e15, "P"},
                                                                             {1e12, "T"},
                                                                             {1e9, "G"},
                                                                             {1e6, "M"},
                                                                             {1e3, "k"},
                                                                             {1, ""},
                                                                             {1e-3, "m"},
                                                                             {1e-6, "u"}}};
    for (const auto& [scale, prefix] : prefixes) {
        if (value >= 0.9995 * scale) {
            const double scaled = value / scale;
            const int digits = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
            return fmt::format("{:.{}f} {}{}", scaled, digits, prefix, unit);
        }
    }
    return fmt::format("{:.3g} {}", value, unit);
}

std::string wait_share(const v1::RunResult& result, double wait_seconds) {
    return result.active_seconds() > 0 ? percent(wait_seconds / result.active_seconds()) : "-";
}

std::string energy_words(const v1::RunResult& result) {
    std::vector<std::string> parts;
    if (result.has_hardware_joules()) {
        parts.push_back(with_prefix(result.hardware_joules(), "J") + " rigs");
    }
    if (result.has_digital_joules()) {
        parts.push_back(with_prefix(result.digital_joules(), "J") + " computer");
    }
    return fmt::format("{}, from stated watts", fmt::join(parts, ", "));
}

void print_totals(std::ostream& out, const v1::RunResult& result) {
    const auto line = [&](std::string_view name, const std::string& value) {
        out << fmt::format("  {:<16} {}\n", name, value);
    };
    line("queries",
         fmt::format("{} for training, {} for evaluation", count(result.training_queries()),
                     count(result.evaluation_queries())));
    line("hardware time",
         fmt::format("{} busy; {} at the rigs' nominal speed", duration(result.hardware_seconds()),
                     duration(result.nominal_seconds())));
    line("digital time", fmt::format("{} for {}", duration(result.digital_seconds()),
                                     with_prefix(result.operations(), "FLOP")));
    if (result.active_seconds() > 0) {
        line("waiting", fmt::format("{} of {} under way", wait_share(result, result.wait_seconds()),
                                    duration(result.active_seconds())));
    }
    if (result.has_hardware_joules() || result.has_digital_joules()) {
        line("energy", energy_words(result));
    }
}

void print_layers(std::ostream& out, const v1::RunResult& result, const Journals& journals) {
    const std::vector<Column> columns = columns_of(result);
    std::vector<std::string> header{"LAYER", "RIG"};
    for (const Column& column : columns) {
        header.push_back(column.name);
    }
    Table table(std::move(header));
    const auto add = [&](std::string name, std::string rig, const v1::LayerCost& cost) {
        std::vector<std::string> row{std::move(name), std::move(rig)};
        for (const Column& column : columns) {
            row.push_back(column.of(cost));
        }
        table.add(std::move(row));
    };
    for (const v1::LayerCost& cost : result.layers()) {
        add(std::to_string(cost.layer()), cost.rig().empty() ? "none" : cost.rig(), cost);
    }
    add("total", "", total_of(result));
    table.print(out, "  ");
    if (any(result, [](const auto& cost) {
            return cost.has_hardware_joules() || cost.has_digital_joules();
        })) {
        out << "  energy is from stated watts\n";
    }
    if (result.recorded() > 0) {
        const std::string by =
            journals.replay_of > 0
                ? fmt::format("by run {}'s journal", journals.replay_of)
                : std::string("before an interruption, and were read from the journal");
        out << fmt::format("  {} of the queries were answered {}\n", count(result.recorded()), by);
    }
    if (result.reused_from() > 0) {
        out << fmt::format("  {} stimuli were answered by run {}'s journal\n",
                           count(result.reused_from()), journals.reuse_from);
    }
}

void add_accounts(nlohmann::json& out, const v1::RunResult& result) {
    add_counts(out, result);
    add_share(out, result);
    out["hardware_queries"] = result.training_queries() + result.evaluation_queries();
    out["layers"] = nlohmann::json::array();
    for (const v1::LayerCost& cost : result.layers()) {
        nlohmann::json layer{{"layer", cost.layer()},
                             {"rig", cost.rig()},
                             {"clipped", cost.clipped()},
                             {"encoded", cost.encoded()}};
        add_counts(layer, cost);
        out["layers"].push_back(std::move(layer));
    }
}

void add_accounts(nlohmann::json& out, const v1::EpochMetrics& epoch) {
    add_measures(out, epoch);
    add_share(out, epoch);
}

} // namespace phyll::cli
