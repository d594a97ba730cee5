#pragma once

#include "daemon/training/scheme.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace phyll::test {

/// Asks for what it is told to ask for and keeps what it hears.
class Asking final : public training::Scheme {
  public:
    struct Step {
        std::size_t layer;
        training::Purpose purpose;
        std::vector<float> first_inputs; ///< one stimulus each
    };
    explicit Asking(std::vector<Step> steps) : steps_(std::move(steps)) {}

    [[nodiscard]] std::uint64_t steps() const override { return steps_.size(); }
    [[nodiscard]] training::Plan plan(std::uint64_t step) const override {
        const Step& asked = steps_[step];
        if (on_plan) {
            on_plan();
        }
        training::Plan plan;
        plan.layer = asked.layer;
        plan.purpose = asked.purpose;
        plan.stimuli = OwnedBlock(2, asked.first_inputs.size());
        for (std::size_t i = 0; i < asked.first_inputs.size(); ++i) {
            plan.stimuli.sample(i)[0] = asked.first_inputs[i];
        }
        plan.encoded = 10;
        plan.clipped = step;
        return plan;
    }
    training::StepReport learn(std::uint64_t step, const training::Plan&,
                               ConstBlock responses) override {
        heard.emplace_back(responses.values().begin(), responses.values().end());
        if (on_learn) {
            on_learn();
        }
        training::StepReport report;
        report.operations = 100.0 * static_cast<double>(step + 1);
        report.epoch.emplace().epoch = step;
        if (step + 1 == steps_.size()) {
            report.test_accuracy = 0.75;
        }
        return report;
    }
    [[nodiscard]] bool may_plan_ahead(std::uint64_t) const override { return true; }
    [[nodiscard]] std::vector<training::LayerOutlook> outlook() const override { return {{}, {}}; }
    [[nodiscard]] std::vector<training::NamedArray> network() const override {
        return {{"w", {2}, {1.0F, 2.0F}}};
    }
    [[nodiscard]] std::vector<training::NamedArray> state() const override { return {}; }
    void restore(std::span<const training::NamedArray>) override {}
    void start_over() override {}

    std::vector<std::vector<float>> heard;
    std::function<void()> on_plan;
    std::function<void()> on_learn;

  private:
    std::vector<Step> steps_;
};

} // namespace phyll::test
