#include "daemon/runs/result_totals.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using namespace phyll::runs;

namespace {

v1::LayerCost& add_layer(v1::RunResult& result, const std::string& rig) {
    v1::LayerCost& cost = *result.add_layers();
    cost.set_layer(static_cast<std::uint32_t>(result.layers_size()));
    cost.set_rig(rig);
    cost.set_training_queries(100);
    cost.set_evaluation_queries(20);
    cost.set_repeat_queries(60);
    cost.set_sentinel_queries(7);
    cost.set_reused(5);
    cost.set_recorded(4);
    cost.set_reused_from(3);
    cost.set_hardware_seconds(10.0);
    cost.set_nominal_seconds(8.0);
    cost.set_digital_seconds(2.0);
    cost.set_wait_seconds(11.0);
    cost.set_operations(1e9);
    return cost;
}

/// A layer on each of these rigs, "" for one without physics.
v1::RunResult result_on(const std::vector<std::string>& rigs) {
    v1::RunResult result;
    for (const std::string& rig : rigs) {
        add_layer(result, rig);
    }
    total_costs(result);
    return result;
}

} // namespace

TEST_CASE("totals are those of the layers, however often they are made") {
    v1::RunResult result = result_on({"a", "b"});
    result.mutable_layers(1)->set_operations(5e8);
    total_costs(result);
    REQUIRE(result.training_queries() == 200);
    REQUIRE(result.evaluation_queries() == 40);
    REQUIRE(result.repeat_queries() == 120);
    REQUIRE(result.sentinel_queries() == 14);
    REQUIRE(result.reused() == 10);
    REQUIRE(result.recorded() == 8);
    REQUIRE(result.reused_from() == 6);
    REQUIRE(result.hardware_seconds() == 20.0);
    REQUIRE(result.nominal_seconds() == 16.0);
    REQUIRE(result.digital_seconds() == 4.0);
    REQUIRE(result.wait_seconds() == 22.0);
    REQUIRE(result.operations() == 1.5e9);
}

TEST_CASE("without stated watts there is no energy") {
    v1::RunResult result = result_on({"a", ""});
    state_energy(result, {});
    REQUIRE_FALSE(result.has_hardware_joules());
    REQUIRE_FALSE(result.has_digital_joules());
    REQUIRE_FALSE(result.layers(0).has_hardware_joules());
    REQUIRE_FALSE(result.layers(0).has_digital_joules());
}

TEST_CASE("energy is the stated watts times the seconds, layer by layer and in total") {
    v1::RunResult result = result_on({"a", "b", ""});
    result.mutable_layers(1)->set_hardware_seconds(4.0);
    result.mutable_layers(1)->set_digital_seconds(0.5);
    result.mutable_layers(2)->set_hardware_seconds(0.0);
    total_costs(result);
    state_energy(result, {.rigs = {{"a", 30.0}, {"b", 0.25}, {"c", 1000.0}}, .digital = 65.0});
    REQUIRE(result.layers(0).hardware_joules() == 300.0);
    REQUIRE(result.layers(1).hardware_joules() == 1.0);
    REQUIRE_FALSE(result.layers(2).has_hardware_joules()); // it has no rig
    REQUIRE(result.hardware_joules() == 301.0);
    REQUIRE(result.layers(0).digital_joules() == 130.0);
    REQUIRE(result.layers(1).digital_joules() == 32.5);
    REQUIRE(result.layers(2).digital_joules() == 130.0);
    REQUIRE(result.digital_joules() == 292.5);
    // Of other seconds it is another energy, and without watts none any more.
    result.mutable_layers(0)->set_hardware_seconds(1.0);
    state_energy(result, {.rigs = {{"a", 30.0}, {"b", 0.25}}, .digital = std::nullopt});
    REQUIRE(result.hardware_joules() == 31.0);
    REQUIRE_FALSE(result.has_digital_joules());
    REQUIRE_FALSE(result.layers(0).has_digital_joules());
}

TEST_CASE("a rig without stated watts leaves the total of the rigs open") {
    v1::RunResult result = result_on({"a", "b"});
    state_energy(result, {.rigs = {{"b", 2.0}}, .digital = 0.0});
    REQUIRE_FALSE(result.layers(0).has_hardware_joules());
    REQUIRE(result.layers(1).hardware_joules() == 20.0);
    REQUIRE_FALSE(result.has_hardware_joules());
    REQUIRE(result.digital_joules() == 0.0); // stated
}

TEST_CASE("the costs of a result are its layers and totals, and nothing that is not known yet") {
    v1::RunResult result = result_on({"a"});
    state_energy(result, {.rigs = {{"a", 2.0}}, .digital = 3.0});
    result.set_active_seconds(15.0);
    const v1::RunResult costs = result;
    result.set_test_accuracy(0.9);
    result.set_train_accuracy(0.9);
    result.set_test_samples(1);
    result.set_train_samples(2);
    result.set_weights_sha256("ab");
    result.set_evidence(v1::HARDWARE);
    result.add_evidence_of("something");
    result.set_kernel_level("x86-64");
    result.set_cpu_model("a CPU");
    result.add_controls()->set_kind("ridge_inputs");
    result.add_eras()->set_rig("a");
    result.add_remarks("a remark");
    REQUIRE(costs_of(result).SerializeAsString() == costs.SerializeAsString());
}
