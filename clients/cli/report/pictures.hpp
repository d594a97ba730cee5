#pragma once

#include "clients/cli/canvas.hpp"
#include "clients/cli/chart.hpp"
#include "clients/cli/report/facts.hpp"

#include <cstddef>
#include <vector>

namespace phyll::cli {

/// Each layer's loss over its epochs.
[[nodiscard]] Chart loss_chart(const RunFacts& facts);
/// Each layer's accuracy over its epochs, in per cent: on the training split where that is known,
/// else of pairs. Where training started over, a curve begins again.
[[nodiscard]] Chart accuracy_chart(const RunFacts& facts);
/// Of the own label and of the best other one; without curves where none was recorded.
[[nodiscard]] Chart goodness_chart(const v1::TestJudgement& judgement);

/// Whether it is as large as it says.
[[nodiscard]] bool is_whole(const v1::TestJudgement& judgement);
/// Classes across what they were taken for; `is_whole`. Shaded by share of each class, so that rows
/// are comparable; with numbers where they can be read.
void draw_confusion(Canvas& canvas, const v1::TestJudgement& judgement, const Box& box);

/// The curves and the confusion matrix as one PNG file.
[[nodiscard]] std::vector<std::byte> report_png(const RunFacts& facts);

} // namespace phyll::cli
