#include "tests/unit/cli/reported_run.hpp"

#include <google/protobuf/text_format.h>

#include <catch2/catch.hpp>

namespace phyll::test {
namespace {

constexpr const char* run_text = R"(
info {
  run: 12 name: "twelve" state: SUCCEEDED submitted: 1e9 started: 1e9 finished: 1000000100
  submitted_by: "local user" rigs: "cavity" seed: 42 folder: "/lab/runs/12" test_data: RANDOM_SPLIT
  overrides: "training.learning_rate=0.002"
  conditions {
    version: "0.0.7" kernel_level: "kernels-x" cpu_model: "a processor"
    rigs { rig: "cavity" configuration: "{}" configuration_sha256: "cafe" era: 2 age: 300 }
  }
  result {
    test_accuracy: 0.75 train_accuracy: 0.875 test_samples: 4 train_samples: 16
    layers { layer: 1 rig: "cavity" training_queries: 1442 evaluation_queries: 364 sentinel_queries: 48
             hardware_seconds: 50 nominal_seconds: 60 clipped: 1 encoded: 100 }
    layers { layer: 2 rig: "cavity" training_queries: 1442 evaluation_queries: 364 reused: 9
             hardware_seconds: 50 nominal_seconds: 60 clipped: 0 encoded: 100 }
    training_queries: 2884 evaluation_queries: 728 sentinel_queries: 48 hardware_seconds: 100
    nominal_seconds: 120 digital_seconds: 1.5 weights_sha256: "feedbeef" evidence: SIMULATION
    kernel_level: "kernels-x" cpu_model: "a processor"
    controls { kind: "physics_only" reason: "not asked for" }
    controls { kind: "without_physics" test_accuracy: 0.5 train_accuracy: 0.5 }
    controls { kind: "ridge_inputs" test_accuracy: 0.25 train_accuracy: 0.5 }
    eras { rig: "cavity" era: 2 number: 700 moved: 1.75 why: "its sentinels have moved" }
    test_judgement {
      classes: 2 confusion: [2, 0, 1, 1]
      own { least: -1 most: 1 counts: [0, 1, 0, 3] }
      best_other { least: -1 most: 1 counts: [2, 1, 1, 0] }
    }
  }
}
spec {
  seed: 42 data { kind: "csv" file: "vowels.csv" test_fraction: 0.2 } scheme { kind: "phyll" }
  layers { rig: "cavity" width: 20 physics: true encoding { kind: "standard" } }
  layers { rig: "cavity" width: 20 physics: true skip: true encoding { kind: "affine" } }
  training { schedule: "greedy" epochs: 2 batch: 0 inner_steps: 10 learning_rate: 0.002
             learning_rate_schedule: "cosine" repeats: 1 }
  sentinels { every: 500 count: 8 tolerance: 0.02 }
}
)";

} // namespace

cli::RunFacts reported_run() {
    cli::RunFacts facts;
    REQUIRE(google::protobuf::TextFormat::ParseFromString(run_text, &facts.run));
    for (const std::uint32_t layer : {1U, 2U}) {
        for (const std::uint32_t epoch : {1U, 2U}) {
            v1::EpochMetrics& metrics = facts.epochs.emplace_back();
            metrics.set_layer(layer);
            metrics.set_layers(2);
            metrics.set_epoch(epoch);
            metrics.set_epochs(2);
            metrics.set_loss(1.0 / (layer + epoch));
            metrics.set_pair_accuracy(0.9);
            metrics.set_train_accuracy(0.4 * epoch);
        }
    }
    v1::Event& held = facts.events.emplace_back();
    held.set_time(1e9 + 50);
    held.mutable_state()->set_state(v1::HELD);
    held.mutable_state()->set_reason("the membrane tore");
    facts.run_file = "[training]\nlearning_rate = 0.001\n";
    facts.scheme_options = {{"theta", 4.0}, {"adam_beta1", 0.9}};
    cli::RigFacts& rig = facts.rigs.emplace_back();
    rig.name = "cavity";
    rig.spec.set_kind("acoustic");
    rig.spec.set_evidence(v1::SIMULATION);
    rig.spec.add_inputs()->set_unit("Pa");
    rig.spec.add_outputs()->set_unit("Pa");
    rig.spec.set_seconds_per_sample(0.1);
    facts.time = 2e9;
    return facts;
}

} // namespace phyll::test
