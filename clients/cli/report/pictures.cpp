#include "clients/cli/report/pictures.hpp"

#include "clients/cli/group_view.hpp"
#include "clients/cli/output.hpp"
#include "clients/cli/png_canvas.hpp"
#include "clients/cli/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <map>
#include <span>

namespace phyll::cli {
namespace {

using Anchor = Canvas::Anchor;

/// More curves in one chart cannot be told apart.
constexpr std::size_t most_curves = 4;
constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

void add_point(Chart::Curve& curve, double x, double y) {
    if (!curve.x.empty() && curve.x.back() >= x) { // training started over
        curve.x.push_back(x);
        curve.y.push_back(not_known);
    }
    curve.x.push_back(x);
    curve.y.push_back(y);
}

/// A curve per layer; `add` adds what an epoch has to its layer's.
template <class Add>
std::vector<Chart::Curve> curves_by_layer(const RunFacts& facts, Add add) {
    std::map<std::uint32_t, Chart::Curve> curves;
    for (const v1::EpochMetrics& epoch : facts.epochs) {
        add(curves[epoch.layer()], epoch);
    }
    const bool all_at_once = facts.run.spec().training().schedule() == "simultaneous";
    std::vector<Chart::Curve> out;
    for (auto& [layer, curve] : curves) {
        if (curve.x.empty()) {
            continue;
        }
        curve.name = all_at_once ? "all layers" : fmt::format("layer {}", layer);
        out.push_back(std::move(curve));
    }
    return out;
}

bool has_validation(const RunFacts& facts) {
    return std::ranges::any_of(facts.epochs, &v1::EpochMetrics::has_validation_accuracy);
}

/// Of the epochs that were judged; what a displacement did stands where that was.
std::vector<Chart::Curve> validation_curves(const RunFacts& facts) {
    return curves_by_layer(facts, [](Chart::Curve& curve, const v1::EpochMetrics& epoch) {
        if (epoch.has_validation_accuracy_before()) {
            add_point(curve, std::max(1.0, epoch.epoch() - 0.5),
                      100 * epoch.validation_accuracy_before());
        }
        if (epoch.has_validation_accuracy()) {
            add_point(curve, epoch.epoch(), 100 * epoch.validation_accuracy());
        }
    });
}

/// Where simulated rigs were displaced on purpose: before an epoch, which with schedule greedy is
/// counted over all layers.
std::vector<Chart::Mark> displacements(const v1::RunSpec& spec) {
    const v1::TrainingSpec& training = spec.training();
    std::vector<Chart::Mark> marks;
    for (const v1::PerturbSpec& perturb : spec.perturb()) {
        const std::uint32_t before = std::max(1U, perturb.at_epoch()) - 1;
        const bool by_layer =
            training.schedule() == "greedy" && training.epochs() > 0 && spec.layers_size() > 1;
        const std::uint32_t epochs = by_layer ? before % training.epochs() : before;
        marks.push_back(
            {.x = std::max(1.0, epochs + 0.5),
             .name = by_layer ? fmt::format("displaced, layer {}", before / training.epochs() + 1)
                              : "displaced"});
    }
    std::ranges::sort(marks, {}, &Chart::Mark::x);
    return marks;
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
            .curves = curves_by_layer(facts,
                                      [](Chart::Curve& curve, const v1::EpochMetrics& epoch) {
                                          add_point(curve, epoch.epoch(), epoch.loss());
                                      }),
            .y_range = Chart::Range{0.0, 0.0},
            .marks = displacements(facts.run.spec()),
            .whole_x = true};
}

namespace {

/// Whether what is above 0 is too far apart to be seen on one linear axis.
bool spans_decades(std::initializer_list<const Chart::Curve*> curves) {
    constexpr double most_ratio = 30;
    double least = std::numeric_limits<double>::infinity();
    double most = 0;
    for (const Chart::Curve* curve : curves) {
        for (const double y : curve->y) {
            if (y > 0) {
                least = std::min(least, y);
                most = std::max(most, y);
            }
        }
    }
    return most > most_ratio * least;
}

/// What `pair_accuracy` is of, which depends on the scheme.
std::string title_of_pairs(const std::string& scheme) {
    return scheme == "prototypes" ? "Training samples right, by a layer alone"
           : scheme == "infonce"  ? "Training samples whose copy was found"
                                  : "Training pairs told apart";
}

} // namespace

Chart accuracy_chart(const RunFacts& facts) {
    const bool of_samples =
        std::ranges::any_of(facts.epochs, &v1::EpochMetrics::has_train_accuracy);
    const auto accuracy = [&](const v1::EpochMetrics& epoch) {
        return !of_samples                  ? 100 * epoch.pair_accuracy()
               : epoch.has_train_accuracy() ? 100 * epoch.train_accuracy()
                                            : not_known;
    };
    Chart chart{.title = of_samples ? "Accuracy on the training split"
                                    : title_of_pairs(facts.run.spec().scheme().kind()),
                .x_label = "epoch",
                .y_label = "per cent",
                .curves = curves_by_layer(facts,
                                          [&](Chart::Curve& curve, const v1::EpochMetrics& epoch) {
                                              add_point(curve, epoch.epoch(), accuracy(epoch));
                                          }),
                .y_range = Chart::Range{100.0, 100.0},
                .marks = displacements(facts.run.spec()),
                .whole_x = true};
    if (has_validation(facts) && 2 * chart.curves.size() <= most_curves) {
        chart.title += ", and validation";
        for (Chart::Curve& curve : validation_curves(facts)) {
            curve.name += ", validation";
            chart.curves.push_back(std::move(curve));
        }
    }
    return chart;
}

std::optional<Chart> validation_chart(const RunFacts& facts) {
    if (!has_validation(facts) || 2 * validation_curves(facts).size() <= most_curves) {
        return std::nullopt;
    }
    return Chart{.title = "Accuracy on the validation samples",
                 .x_label = "epoch",
                 .y_label = "per cent",
                 .curves = validation_curves(facts),
                 .y_range = Chart::Range{100.0, 100.0},
                 .marks = displacements(facts.run.spec()),
                 .whole_x = true};
}

Chart drift_chart(const RigDrift& drift, double tolerance) {
    Chart::Curve moved{.name = "sentinels", .x = {}, .y = {}};
    Chart::Curve noise{.name = "noise alone", .x = {}, .y = {}};
    Chart::Curve limit{.name = "tolerance", .x = {}, .y = {}};
    for (const RigDrift::Round& round : drift.rounds) {
        const bool began = moved.x.empty() || round.era != (&round - 1)->era;
        if (began && !moved.x.empty()) {
            for (Chart::Curve* curve : {&moved, &noise}) {
                curve->x.push_back(round.number);
                curve->y.push_back(not_known);
            }
        }
        moved.x.push_back(round.number);
        moved.y.push_back(round.deviation);
        const auto known = drift.noise.find(round.era);
        noise.x.push_back(round.number);
        noise.y.push_back(known == drift.noise.end() ? not_known : known->second);
    }
    limit.x = moved.x;
    limit.y.assign(moved.x.size(), tolerance);
    const bool log = spans_decades({&moved, &noise, &limit});
    Chart chart{.title = "Sentinels of " + drift.rig,
                .x_label = "measurement of the rig in this run",
                .y_label = log ? "deviation, log scale" : "deviation",
                .curves = {std::move(moved), std::move(noise), std::move(limit)},
                .y_range = Chart::Range{0.0, 0.0}};
    chart.log_y = log;
    for (const RigDrift::Mark& mark : drift.marks) {
        chart.marks.push_back(
            {.x = mark.number, .name = mark.displaced ? "displaced" : "era ended"});
    }
    std::ranges::stable_sort(chart.marks, {}, &Chart::Mark::x);
    return chart;
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

namespace {

std::string summary_line(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    std::string line =
        fmt::format("{}; evidence: {}", name_of(info.state()), name_of(info.result().evidence()));
    if (has_accuracy(info)) {
        const v1::RunResult& result = info.result();
        line += fmt::format(
            "; test accuracy {} of {}; {}", percent(result.test_accuracy()),
            counted(result.test_samples(), "sample"),
            counted(result.training_queries() + result.evaluation_queries(), "query", "queries"));
    }
    return line;
}

/// What the accuracy must not be shown without.
std::string comparison_line(const RunFacts& facts) {
    if (!has_accuracy(facts.run.info())) {
        return {};
    }
    std::string line;
    for (const AccuracyRow& row : accuracies_of(facts.run)) {
        if (row.name == control_name("physics_only") ||
            row.name == control_name("without_physics")) {
            line += fmt::format("{} {}; ", row.name, row.test ? percent(*row.test) : row.instead);
        }
    }
    const v1::GroupVariant* variant = variant_of(facts);
    if (variant != nullptr && variant->test_accuracy().n() > 1) {
        const v1::Estimate& test = variant->test_accuracy();
        return line + fmt::format("mean of {} seeds {}, standard deviation {}; this is seed {}",
                                  test.n(), percent(test.mean()), deviation_of(test),
                                  facts.run.info().seed());
    }
    return line + fmt::format("seed {}, alone", facts.run.info().seed());
}

} // namespace

std::vector<std::byte> report_png(const RunFacts& facts) {
    constexpr double width = 900;
    constexpr double left = 20;
    constexpr double curve_width = 500;
    const v1::RunInfo& info = facts.run.info();
    const bool matrix = is_whole(info.result().test_judgement());
    PngCanvas canvas(width, 572, 2.0);
    canvas.text({left, 34},
                fmt::format("Run {}{}{}", info.run(), info.name().empty() ? "" : ": ", info.name()),
                Anchor::begin, Ink::text, 16);
    canvas.text({left, 54}, summary_line(facts), Anchor::begin, Ink::muted, 12);
    canvas.text({left, 71}, comparison_line(facts), Anchor::begin, Ink::muted, 12);
    draw(canvas, loss_chart(facts), {left, 90, curve_width, 230});
    draw(canvas, accuracy_chart(facts), {left, 328, curve_width, 230});
    const Box beside{left + curve_width + 30, 90, width - curve_width - 2 * left - 30, 360};
    if (matrix) {
        draw_confusion(canvas, info.result(), beside);
    } else {
        canvas.text({beside.x, beside.y + heading_size}, "Confusion of the test samples",
                    Anchor::begin, Ink::text, heading_size);
        canvas.text({beside.x, beside.y + 40}, "not recorded", Anchor::begin, Ink::muted,
                    number_size);
    }
    return canvas.png();
}

} // namespace phyll::cli
