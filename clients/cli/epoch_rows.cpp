#include "epoch_rows.hpp"

#include "accounts.hpp"
#include "output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace phyll::cli {
namespace {

struct EpochColumn {
    std::string name;
    std::function<std::string(const v1::EpochMetrics&)> of;
};

bool occurs(const std::vector<EpochRow>& rows,
            const std::function<bool(const v1::EpochMetrics&)>& has) {
    return std::ranges::any_of(rows, [&](const EpochRow& row) { return has(row.event.epoch()); });
}

std::vector<EpochColumn> learning_columns(const std::vector<EpochRow>& rows) {
    using Epoch = v1::EpochMetrics;
    std::vector<EpochColumn> columns{
        {"LAYER", [](const Epoch& epoch) { return std::to_string(epoch.layer()); }},
        {"EPOCH",
         [](const Epoch& epoch) { return fmt::format("{}/{}", epoch.epoch(), epoch.epochs()); }},
        {"LOSS", [](const Epoch& epoch) { return fmt::format("{:.4f}", epoch.loss()); }},
        {"PAIRS", [](const Epoch& epoch) { return percent(epoch.pair_accuracy()); }},
        {"TRAIN", [](const Epoch& epoch) {
             return epoch.has_train_accuracy() ? percent(epoch.train_accuracy()) : "-";
         }}};
    if (occurs(rows, &Epoch::has_validation_accuracy)) {
        columns.push_back({"VALIDATION", [](const Epoch& epoch) {
                               return epoch.has_validation_accuracy()
                                          ? percent(epoch.validation_accuracy())
                                          : "-";
                           }});
    }
    return columns;
}

/// What the run has cost so far, as `run show` calls it.
std::vector<EpochColumn> cost_columns(const std::vector<EpochRow>& rows) {
    using Epoch = v1::EpochMetrics;
    std::vector<EpochColumn> columns{{"QUERIES", [](const Epoch& epoch) {
                                          return count(epoch.training_queries() +
                                                       epoch.evaluation_queries());
                                      }}};
    if (occurs(rows, [](const Epoch& epoch) { return epoch.sentinel_queries() > 0; })) {
        columns.push_back(
            {"SENTINELS", [](const Epoch& epoch) { return count(epoch.sentinel_queries()); }});
    }
    columns.push_back({"FROM MEMORY", [](const Epoch& epoch) { return count(epoch.reused()); }});
    columns.push_back(
        {"HARDWARE", [](const Epoch& epoch) { return duration(epoch.hardware_seconds()); }});
    columns.push_back(
        {"DIGITAL", [](const Epoch& epoch) { return duration(epoch.digital_seconds()); }});
    columns.push_back({"WAIT", [](const Epoch& epoch) { return duration(epoch.wait_seconds()); }});
    columns.push_back(
        {"UNDER WAY", [](const Epoch& epoch) { return duration(epoch.active_seconds()); }});
    columns.push_back(
        {"OPERATIONS", [](const Epoch& epoch) { return with_prefix(epoch.operations(), "FLOP"); }});
    if (occurs(rows, &Epoch::has_hardware_joules)) {
        columns.push_back({"RIG ENERGY", [](const Epoch& epoch) {
                               return epoch.has_hardware_joules()
                                          ? with_prefix(epoch.hardware_joules(), "J")
                                          : "-";
                           }});
    }
    if (occurs(rows, &Epoch::has_digital_joules)) {
        columns.push_back({"DIGITAL ENERGY", [](const Epoch& epoch) {
                               return epoch.has_digital_joules()
                                          ? with_prefix(epoch.digital_joules(), "J")
                                          : "-";
                           }});
    }
    return columns;
}

std::string or_empty(bool known, double value) {
    return known ? fmt::format("{}", value) : "";
}

} // namespace

void print_epochs(std::ostream& out, const std::vector<EpochRow>& rows) {
    std::vector<EpochColumn> columns = learning_columns(rows);
    std::ranges::move(cost_columns(rows), std::back_inserter(columns));
    std::vector<std::string> header{"RUN", "SEED"};
    for (const EpochColumn& column : columns) {
        header.push_back(column.name);
    }
    header.emplace_back("TIME");
    Table table(std::move(header));
    for (const EpochRow& row : rows) {
        std::vector<std::string> cells{std::to_string(row.run), std::to_string(row.seed)};
        for (const EpochColumn& column : columns) {
            cells.push_back(column.of(row.event.epoch()));
        }
        cells.push_back(local_time(row.event.time()));
        table.add(std::move(cells));
    }
    table.print(out);
}

std::string epoch_csv_names() {
    return "layer,epoch,step,loss,pair_accuracy,train_accuracy,training_queries,"
           "evaluation_queries,hardware_seconds,time,event,sentinel_queries,reused,"
           "digital_seconds,wait_seconds,active_seconds,operations,hardware_joules,"
           "digital_joules,validation_accuracy,validation_accuracy_before";
}

std::string epoch_csv(const v1::Event& event) {
    const v1::EpochMetrics& epoch = event.epoch();
    std::string line = fmt::format("{},{},{},{},{},{},{},{},{},{:.6f},{}", epoch.layer(),
                                   epoch.epoch(), epoch.step(), epoch.loss(), epoch.pair_accuracy(),
                                   or_empty(epoch.has_train_accuracy(), epoch.train_accuracy()),
                                   epoch.training_queries(), epoch.evaluation_queries(),
                                   epoch.hardware_seconds(), event.time(), event.number());
    line += fmt::format(
        ",{},{},{},{},{},{},{},{},{},{}", epoch.sentinel_queries(), epoch.reused(),
        epoch.digital_seconds(), epoch.wait_seconds(), epoch.active_seconds(), epoch.operations(),
        or_empty(epoch.has_hardware_joules(), epoch.hardware_joules()),
        or_empty(epoch.has_digital_joules(), epoch.digital_joules()),
        or_empty(epoch.has_validation_accuracy(), epoch.validation_accuracy()),
        or_empty(epoch.has_validation_accuracy_before(), epoch.validation_accuracy_before()));
    return line;
}

} // namespace phyll::cli
