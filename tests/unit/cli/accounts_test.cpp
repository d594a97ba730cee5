#include "clients/cli/accounts.hpp"
#include "clients/cli/epoch_rows.hpp"
#include "clients/cli/run_view.hpp"
#include "tests/support/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

using namespace phyll;
using namespace phyll::cli;
using phyll::test::contains;

namespace {

v1::RunResult result_of_two() {
    v1::RunResult result;
    for (const std::uint32_t layer : {1U, 2U}) {
        v1::LayerCost& cost = *result.add_layers();
        cost.set_layer(layer);
        cost.set_rig("bench");
        cost.set_training_queries(layer * 1000);
        cost.set_evaluation_queries(layer * 100);
        cost.set_reused(layer * 10);
        cost.set_hardware_seconds(layer * 20.0);
        cost.set_nominal_seconds(layer * 18.0);
        cost.set_digital_seconds(layer * 2.0);
        cost.set_wait_seconds(layer * 25.0);
        cost.set_operations(layer * 1.5e9);
        cost.set_clipped(layer);
        cost.set_encoded(100);
    }
    result.set_training_queries(3000);
    result.set_evaluation_queries(300);
    result.set_reused(30);
    result.set_hardware_seconds(60);
    result.set_nominal_seconds(54);
    result.set_digital_seconds(6);
    result.set_wait_seconds(75);
    result.set_operations(4.5e9);
    result.set_active_seconds(100);
    return result;
}

std::string layers_of(const v1::RunResult& result, std::uint64_t replay_of = 0) {
    std::ostringstream out;
    print_layers(out, result, {.reuse_from = 7, .replay_of = replay_of});
    return out.str();
}

std::string totals_of(const v1::RunResult& result) {
    std::ostringstream out;
    print_totals(out, result);
    return out.str();
}

} // namespace

TEST_CASE("numbers are shown to three digits, with a prefix") {
    REQUIRE(with_prefix(0, "J") == "0 J");
    REQUIRE(with_prefix(1, "J") == "1.00 J");
    REQUIRE(with_prefix(0.085, "J") == "85.0 mJ");
    REQUIRE(with_prefix(2e-9, "J") == "2e-09 J");
    REQUIRE(with_prefix(999.4, "FLOP") == "999 FLOP");
    REQUIRE(with_prefix(999.6, "FLOP") == "1.00 kFLOP");
    REQUIRE(with_prefix(9.996e9, "FLOP") == "10.0 GFLOP");
    REQUIRE(with_prefix(690e9, "FLOP") == "690 GFLOP");
    REQUIRE(with_prefix(2.5e15, "FLOP") == "2.50 PFLOP");
}

TEST_CASE("a run's costs are a row for each layer and one in total") {
    const v1::RunResult result = result_of_two();
    REQUIRE(layers_of(result) ==
            "  LAYER  RIG    TRAINING  EVALUATION  FROM MEMORY  HARDWARE    NOMINAL  DIGITAL  "
            "WAIT    OPERATIONS  CLIPPED\n"
            "  1      bench  1,000     100         10           20 s        18 s     2.0 s    "
            "25.0 %  1.50 GFLOP  1.0 %\n"
            "  2      bench  2,000     200         20           40 s        36 s     4.0 s    "
            "50.0 %  3.00 GFLOP  2.0 %\n"
            "  total         3,000     300         30           1 min 00 s  54 s     6.0 s    "
            "75.0 %  4.50 GFLOP  1.5 %\n");
    REQUIRE(totals_of(result) == "  queries          3,000 for training, 300 for evaluation\n"
                                 "  hardware time    1 min 00 s busy; 54 s at the rigs' nominal "
                                 "speed\n"
                                 "  digital time     6.0 s for 4.50 GFLOP\n"
                                 "  waiting          75.0 % of 1 min 40 s under way\n");
}

TEST_CASE("what did not occur has no column, what did has one") {
    v1::RunResult result = result_of_two();
    for (const char* column : {"SENTINELS", "REPEATS", "JOURNAL", "BORROWED", "ENERGY"}) {
        REQUIRE_FALSE(contains(layers_of(result), column));
    }
    result.mutable_layers(0)->set_sentinel_queries(11);
    result.mutable_layers(0)->set_repeat_queries(12);
    result.mutable_layers(0)->set_recorded(13);
    result.mutable_layers(0)->set_reused_from(14);
    result.set_sentinel_queries(11);
    result.set_repeat_queries(12);
    result.set_recorded(13);
    result.set_reused_from(14);
    const std::string shown = layers_of(result);
    REQUIRE(contains(shown, "EVALUATION  REPEATS  FROM JOURNAL  SENTINELS  FROM MEMORY  BORROWED"));
    REQUIRE(contains(shown, "100         12       13            11         10           14  "));
    REQUIRE(contains(shown, "  13 of the queries were answered before an interruption"));
    REQUIRE(
        contains(layers_of(result, 5), "  13 of the queries were answered by run 5's journal\n"));
    REQUIRE(contains(shown, "  14 stimuli were answered by run 7's journal\n"));
}

TEST_CASE("energy is shown where it is known, and said to be from stated watts") {
    v1::RunResult result = result_of_two();
    REQUIRE_FALSE(contains(totals_of(result), "energy"));
    result.mutable_layers(1)->set_hardware_joules(1200);
    REQUIRE_FALSE(contains(totals_of(result), "energy")); // that of layer 1 is not known
    std::string shown = layers_of(result);
    REQUIRE(contains(shown, "OPERATIONS  RIG ENERGY  CLIPPED"));
    REQUIRE(contains(shown, "1.50 GFLOP  -           1.0 %"));
    REQUIRE(contains(shown, "3.00 GFLOP  1.20 kJ     2.0 %"));
    REQUIRE(contains(shown, "4.50 GFLOP  -           1.5 %"));
    REQUIRE(contains(shown, "  energy is from stated watts\n"));
    result.mutable_layers(0)->set_hardware_joules(600);
    result.set_hardware_joules(1800);
    result.set_digital_joules(0.39);
    REQUIRE(contains(totals_of(result),
                     "energy           1.80 kJ rigs, 390 mJ computer, from stated watts\n"));
}

TEST_CASE("a run that does not know how long it was under way shows no share") {
    v1::RunResult result = result_of_two();
    result.set_active_seconds(0);
    REQUIRE_FALSE(contains(totals_of(result), "waiting"));
    REQUIRE(contains(layers_of(result), "2.0 s    -     1.50 GFLOP"));
    nlohmann::json out;
    add_accounts(out, result);
    REQUIRE_FALSE(out.contains("wait_share"));
}

TEST_CASE("JSON has a run's costs per layer and in total, energy only where it is known") {
    v1::RunResult result = result_of_two();
    nlohmann::json out;
    add_accounts(out, result);
    REQUIRE(out["hardware_queries"] == 3300);
    REQUIRE(out["wait_share"] == 0.75);
    REQUIRE(out["operations"] == 4.5e9);
    REQUIRE(out["layers"][1]["wait_seconds"] == 50.0);
    REQUIRE(out["layers"][1]["digital_seconds"] == 4.0);
    REQUIRE(out["layers"][1]["repeat_queries"] == 0);
    REQUIRE_FALSE(out.contains("hardware_joules"));
    REQUIRE_FALSE(out["layers"][0].contains("digital_joules"));
    result.mutable_layers(0)->set_digital_joules(2.5);
    result.set_hardware_joules(7);
    out = nullptr;
    add_accounts(out, result);
    REQUIRE(out["layers"][0]["digital_joules"] == 2.5);
    REQUIRE(out["hardware_joules"] == 7.0);

    v1::EpochMetrics epoch;
    epoch.set_wait_seconds(1);
    epoch.set_active_seconds(4);
    epoch.set_digital_joules(3);
    out = nullptr;
    add_accounts(out, epoch);
    REQUIRE(out["wait_share"] == 0.25);
    REQUIRE(out["digital_joules"] == 3.0);
    REQUIRE_FALSE(out.contains("hardware_joules"));
}

TEST_CASE("a run under way shows where it is and what it has cost so far") {
    v1::RunReply run;
    run.mutable_progress()->set_stage("training layer 2");
    run.mutable_progress()->set_epoch(3);
    run.mutable_progress()->set_epochs(200);
    *run.mutable_progress()->mutable_so_far() = result_of_two();
    std::ostringstream out;
    print_progress(out, run);
    REQUIRE(contains(out.str(), "  at               training layer 2, epoch 3 of 200\n"));
    REQUIRE(contains(out.str(), "waiting          75.0 % of 1 min 40 s under way"));
    REQUIRE(contains(out.str(), "\n  total         3,000"));

    const nlohmann::json line = to_json(run.progress(), 5);
    REQUIRE(line["so_far"]["layers"].size() == 2);
    REQUIRE(line["so_far"]["wait_share"] == 0.75);
    run.mutable_progress()->clear_so_far(); // an older phylld
    REQUIRE_FALSE(to_json(run.progress(), 5).contains("so_far"));

    std::ostringstream bar;
    RunView view(RunView::Style::bar, bar);
    v1::WatchItem item;
    item.mutable_progress()->set_stage("testing");
    *item.mutable_progress()->mutable_so_far() = result_of_two();
    view.show(item);
    REQUIRE(contains(bar.str(), "  waiting 75.0 %"));
}

TEST_CASE("the table of epochs has columns of what occurred, and as CSV all of them") {
    std::vector<EpochRow> rows{{.run = 4, .seed = 2}};
    v1::EpochMetrics& epoch = *rows[0].event.mutable_epoch();
    epoch.set_layer(1);
    epoch.set_reused(1234);
    epoch.set_digital_seconds(2.5);
    epoch.set_operations(4.5e9);
    const auto table_of = [&] {
        std::ostringstream out;
        print_epochs(out, rows);
        return out.str();
    };
    REQUIRE(contains(table_of(), "FROM MEMORY"));
    REQUIRE(contains(table_of(), "1,234"));
    REQUIRE(contains(table_of(), "4.50 GFLOP"));
    REQUIRE_FALSE(contains(table_of(), "ENERGY"));
    REQUIRE_FALSE(contains(table_of(), "SENTINELS"));
    epoch.set_hardware_joules(85);
    epoch.set_sentinel_queries(8);
    REQUIRE(contains(table_of(), "85.0 J"));
    REQUIRE(contains(table_of(), "SENTINELS"));
    const std::string names = epoch_csv_names();
    const std::string line = epoch_csv(rows[0].event);
    REQUIRE(std::ranges::count(line, ',') == std::ranges::count(names, ','));
}
