// How the rigs measure the next step while the scheme learns from this one.

#include "daemon/runs/runner.hpp"

#include <utility>

namespace phyll::runs {

using training::Plan;

bool Runner::may_measure_next(std::uint64_t step) {
    // An era that ended in this step may make the scheme start over, or the run wait.
    if (!options_.prefetch || ends() || measurer_.has_ended_eras() || step + 1 >= steps_ ||
        !scheme_.may_plan_ahead(step)) {
        return false;
    }
    if (!planned_) {
        planned_ = plan(step + 1);
    }
    return planned_->plan.stimuli.samples() > 0;
}

void Runner::measure_next(std::uint64_t step) {
    side_.start([this, step] {
        learn(step);
        plan_after_next(step);
    });
    try {
        measure(*std::exchange(planned_, std::nullopt));
    } catch (...) {
        if (!measured_ || measured_->abandoned) {
            throw;
        }
        measured_->failure = std::current_exception();
    }
}

void Runner::plan_after_next(std::uint64_t step) {
    if (step + 2 < steps_ && scheme_.may_plan_ahead(step + 1)) {
        learning_->after = plan(step + 2);
    }
    learning_->over = clock_.now();
}

Meanwhile Runner::meanwhile(const Plan& plan) {
    return {
        .after_query =
            [this, &plan] {
                if (learning_ && !side_.busy()) {
                    finish_step();
                }
                add_up();
                report_progress(plan);
            },
        // Its hold would come before what was learned is kept, and told.
        .before_trouble =
            [this] {
                if (learning_) {
                    finish_step();
                }
            },
        .waited = [this](Clock::Monotonic from, Clock::Monotonic to) { return waited(from, to); }};
}

} // namespace phyll::runs
