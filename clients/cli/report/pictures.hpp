#pragma once

#include "clients/cli/canvas.hpp"
#include "clients/cli/chart.hpp"
#include "clients/cli/report/facts.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace phyll::cli {

/// Sizes of letters in pictures.
inline constexpr double heading_size = 12;
inline constexpr double number_size = 10;

/// Each layer's loss over its epochs.
[[nodiscard]] Chart loss_chart(const RunFacts& facts);
/// Each layer's accuracy over its epochs, in per cent: on the training split where that is known,
/// else of pairs; beside it that on the validation samples, where the run keeps some and the curves
/// can be told apart. Where training started over, a curve begins again; where a rig was displaced
/// on purpose there is a mark.
[[nodiscard]] Chart accuracy_chart(const RunFacts& facts);
/// Each layer's accuracy on the validation samples, of a run whose `accuracy_chart` has no room for
/// it.
[[nodiscard]] std::optional<Chart> validation_chart(const RunFacts& facts);
/// How far a rig's sentinels were from the start of their era, in standard deviations of the
/// response, with marks where eras ended. `tolerance` is in the same unit.
[[nodiscard]] Chart drift_chart(const RigDrift& drift, double tolerance);
/// Of the own label and of the best other one; without curves where none was recorded.
[[nodiscard]] Chart goodness_chart(const v1::TestJudgement& judgement);

/// Whether it is as large as it says.
[[nodiscard]] bool is_whole(const v1::TestJudgement& judgement);
/// Classes across what they were taken for, by their names where the result has them; its judgement
/// `is_whole`. Shaded by share of each class, so that rows are comparable; with numbers where they
/// can be read.
void draw_confusion(Canvas& canvas, const v1::RunResult& result, const Box& box);

/// The curves and the confusion matrix as one PNG file.
[[nodiscard]] std::vector<std::byte> report_png(const RunFacts& facts);

} // namespace phyll::cli
