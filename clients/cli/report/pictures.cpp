#include "clients/cli/report/pictures.hpp"

#include "clients/cli/output.hpp"
#include "clients/cli/png_canvas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>

namespace phyll::cli {
namespace {

using Anchor = Canvas::Anchor;

constexpr double heading_size = 12;
constexpr double number_size = 10;
/// More classes than these have cells too small for numbers.
constexpr std::uint32_t most_numbers = 12;

/// A curve per layer; `value` of an epoch.
template <class Value>
std::vector<Chart::Curve> curves_by_layer(const RunFacts& facts, Value value) {
    std::map<std::uint32_t, Chart::Curve> curves;
    for (const v1::EpochMetrics& epoch : facts.epochs) {
        Chart::Curve& curve = curves[epoch.layer()];
        if (!curve.x.empty() && curve.x.back() >= epoch.epoch()) { // it started over
            curve.x.push_back(epoch.epoch());
            curve.y.push_back(std::numeric_limits<double>::quiet_NaN());
        }
        curve.x.push_back(epoch.epoch());
        curve.y.push_back(value(epoch));
    }
    const bool all_at_once = facts.run.spec().training().schedule() == "simultaneous";
    std::vector<Chart::Curve> out;
    for (auto& [layer, curve] : curves) {
        curve.name = all_at_once ? "all layers" : fmt::format("layer {}", layer);
        out.push_back(std::move(curve));
    }
    return out;
}

Chart::Curve histogram_curve(const char* name, const v1::Histogram& histogram, int first,
                             int last) {
    Chart::Curve curve{.name = name, .x = {}, .y = {}, .steps = true};
    const double width = (histogram.most() - histogram.least()) / histogram.counts_size();
    for (int k = first; k <= last; ++k) {
        curve.x.push_back(histogram.least() + (k + 0.5) * width);
        curve.y.push_back(static_cast<double>(histogram.counts(k)));
    }
    return curve;
}

} // namespace

Chart loss_chart(const RunFacts& facts) {
    return {.title = "Loss",
            .x_label = "epoch",
            .y_label = "local loss",
            .curves = curves_by_layer(facts, [](const auto& epoch) { return epoch.loss(); }),
            .y_range = Chart::Range{0.0, 0.0}};
}

Chart accuracy_chart(const RunFacts& facts) {
    const bool of_samples =
        std::ranges::any_of(facts.epochs, &v1::EpochMetrics::has_train_accuracy);
    return {.title = of_samples ? "Accuracy on the training split" : "Training pairs told apart",
            .x_label = "epoch",
            .y_label = "per cent",
            .curves = curves_by_layer(facts,
                                      [&](const v1::EpochMetrics& epoch) {
                                          return !of_samples ? 100 * epoch.pair_accuracy()
                                                 : epoch.has_train_accuracy()
                                                     ? 100 * epoch.train_accuracy()
                                                     : std::numeric_limits<double>::quiet_NaN();
                                      }),
            .y_range = Chart::Range{100.0, 100.0}};
}

Chart goodness_chart(const v1::TestJudgement& judgement) {
    Chart chart{.title = "Goodness of the test samples",
                .x_label = "goodness, summed over the layers",
                .y_label = "samples",
                .curves = {},
                .y_range = Chart::Range{0.0, 0.0}};
    const int bins = std::min(judgement.own().counts_size(), judgement.best_other().counts_size());
    int first = bins;
    int last = -1;
    for (int k = 0; k < bins; ++k) {
        if (judgement.own().counts(k) + judgement.best_other().counts(k) > 0) {
            first = std::min(first, k);
            last = k;
        }
    }
    if (last >= 0) {
        first = std::max(0, first - 1);
        last = std::min(bins - 1, last + 1);
        chart.curves = {histogram_curve("own label", judgement.own(), first, last),
                        histogram_curve("best other", judgement.best_other(), first, last)};
    }
    return chart;
}

bool is_whole(const v1::TestJudgement& judgement) {
    return judgement.classes() > 0 && static_cast<std::uint64_t>(judgement.confusion_size()) ==
                                          std::uint64_t{judgement.classes()} * judgement.classes();
}

void draw_confusion(Canvas& canvas, const v1::TestJudgement& judgement, const Box& box) {
    const auto classes = static_cast<int>(judgement.classes());
    const bool numbers = judgement.classes() <= most_numbers;
    canvas.text({box.x, box.y + heading_size}, "Confusion of the test samples", Anchor::begin,
                Ink::text, heading_size);
    const double share_column = numbers ? 48 : 8;
    const Box plot{box.x + 40, box.y + 34, box.width - 40 - share_column, box.height - 68};
    const double wide = plot.width / classes;
    const double high = plot.height / classes;
    const int stride = std::max(1, (classes + 11) / 12);
    for (int own = 0; own < classes; ++own) {
        std::uint64_t all = 0;
        for (int taken = 0; taken < classes; ++taken) {
            all += judgement.confusion(own * classes + taken);
        }
        const double y = plot.y + own * high;
        for (int taken = 0; taken < classes; ++taken) {
            const std::uint64_t cell = judgement.confusion(own * classes + taken);
            const double share =
                all == 0 ? 0.0 : static_cast<double>(cell) / static_cast<double>(all);
            const Box square{plot.x + taken * wide, y, wide, high};
            if (cell > 0) {
                canvas.area(square, own == taken ? Ink::first : Ink::second,
                            0.08 + 0.84 * std::sqrt(share));
            }
            if (numbers && cell > 0) {
                canvas.text({square.x + wide / 2, y + high / 2 + 3.5}, count(cell), Anchor::middle,
                            share > 0.3 ? Ink::paper : Ink::text, number_size);
            }
        }
        if (own % stride == 0) {
            canvas.text({plot.x - 6, y + high / 2 + 3.5}, fmt::format("{}", own), Anchor::end,
                        Ink::muted, number_size);
            canvas.text({plot.x + (own + 0.5) * wide, plot.bottom() + 14}, fmt::format("{}", own),
                        Anchor::middle, Ink::muted, number_size);
        }
        if (numbers && all > 0) {
            const std::uint64_t right = judgement.confusion(own * classes + own);
            canvas.text({box.right(), y + high / 2 + 3.5},
                        percent(static_cast<double>(right) / static_cast<double>(all)), Anchor::end,
                        Ink::muted, number_size);
        }
    }
    if (numbers) {
        canvas.text({box.right(), plot.y - 6}, "right", Anchor::end, Ink::muted, number_size);
    }
    for (int k = 0; k <= classes; k += numbers ? 1 : classes) {
        canvas.line({plot.x, plot.y + k * high}, {plot.right(), plot.y + k * high}, Ink::grid);
        canvas.line({plot.x + k * wide, plot.y}, {plot.x + k * wide, plot.bottom()}, Ink::grid);
    }
    canvas.text({plot.x + plot.width / 2, plot.bottom() + 29}, "class that it was taken for",
                Anchor::middle, Ink::muted, number_size);
    canvas.text({box.x + 12, plot.y + plot.height / 2}, "class", Anchor::middle, Ink::muted,
                number_size, true);
}

std::vector<std::byte> report_png(const RunFacts& facts) {
    constexpr double width = 900;
    constexpr double left = 20;
    constexpr double curve_width = 500;
    const v1::RunInfo& info = facts.run.info();
    const bool matrix = is_whole(info.result().test_judgement());
    PngCanvas canvas(width, 560, 2.0);
    canvas.text({left, 34},
                fmt::format("Run {}{}{}", info.run(), info.name().empty() ? "" : ": ", info.name()),
                Anchor::begin, Ink::text, 16);
    std::string line =
        fmt::format("{}; evidence: {}", name_of(info.state()), name_of(info.result().evidence()));
    if (has_accuracy(info)) {
        line +=
            fmt::format("; test accuracy {} of {} samples", percent(info.result().test_accuracy()),
                        count(info.result().test_samples()));
    }
    canvas.text({left, 54}, line, Anchor::begin, Ink::muted, 12);
    draw(canvas, loss_chart(facts), {left, 76, curve_width, 230});
    draw(canvas, accuracy_chart(facts), {left, 316, curve_width, 230});
    const Box beside{left + curve_width + 30, 76, width - curve_width - 2 * left - 30, 360};
    if (matrix) {
        draw_confusion(canvas, info.result().test_judgement(), beside);
    } else {
        canvas.text({beside.x, beside.y + heading_size}, "Confusion of the test samples",
                    Anchor::begin, Ink::text, heading_size);
        canvas.text({beside.x, beside.y + 40}, "not recorded", Anchor::begin, Ink::muted,
                    number_size);
    }
    return canvas.png();
}

} // namespace phyll::cli
