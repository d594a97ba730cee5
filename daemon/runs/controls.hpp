#pragma once

#include "daemon/runs/job.hpp"
#include "daemon/runs/measuring/measurer.hpp"
#include "daemon/runs/measuring/response_table.hpp"
#include "daemon/runs/runner.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::runs {

// What a headline is held against. A network without any physics, and a linear classifier, do well
// on many tasks too: an accuracy alone says nothing about the physics.
//
// - without_physics: the same network, every layer without its physics.
// - random_features: the same network, fixed digital random features in place of every rig.
// - physics_only: the same network without skip paths, where there is one; only when it was asked
//   for, since it costs queries.
// - ridge_inputs, softmax_inputs: linear read-outs of the scaled inputs.
// - ridge_responses, softmax_responses: linear read-outs of the first layer's responses that the
//   run measured, mean over the labels shown.
//
// The first three and the last two where there is physics; softmax as far as why_no_softmax says.

/// What a run measured, as its controls need it.
struct Measured {
    const v1::RunSpec& spec;
    const Job& job;
    Measurer& measurer;
    const std::optional<ResponseTable>& responses; ///< when the first layer has physics
    const Clock& clock;
    RunObserver& observer;  ///< told of progress only
    v1::RunResult result{}; ///< of the run, which goes into that
};

/// Every control that applies, in the order of the table. One that fails is reported as not
/// measured with the reason; only a stop or a pause is thrown (CANCELLED). A pause ends what only
/// computes at once, and lets a rig finish the query under way.
[[nodiscard]] std::vector<v1::Control> measure_controls(const Measured& measured,
                                                        const std::stop_token& stop,
                                                        const std::stop_token& pause = {});

/// Why softmax is not fitted to so many samples of so many features; empty: it is. Beyond what it
/// holds in memory it would read every sample anew in each of its hundreds of steps.
[[nodiscard]] std::string why_no_softmax(std::size_t samples, std::size_t features);

/// What the control "physics_only" of this job would train; nothing where it would be the run
/// itself.
[[nodiscard]] std::optional<v1::RunSpec> physics_only(const v1::RunSpec& spec);

} // namespace phyll::runs
