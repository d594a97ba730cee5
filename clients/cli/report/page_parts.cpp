#include "clients/cli/report/page_parts.hpp"

#include "clients/cli/canvas.hpp"
#include "clients/cli/group_view.hpp"
#include "clients/cli/output.hpp"
#include "clients/cli/report/interval.hpp"
#include "clients/cli/report/pictures.hpp"
#include "clients/cli/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace phyll::cli {
namespace {

const char* align_class(MarkupTable::Align align) {
    return align == MarkupTable::Align::right    ? " class=\"r\""
           : align == MarkupTable::Align::narrow ? " class=\"n\""
                                                 : "";
}

/// A share and its interval on a line from `least` to 1.
std::string interval_picture(double share, std::uint64_t samples, double least, bool own) {
    constexpr double width = 150;
    constexpr double height = 14;
    constexpr double end = 5;
    const auto place = [&](double value) {
        return end + (width - 2 * end) * (value - least) / (1 - least);
    };
    const Interval interval = wilson_95(share, samples);
    SvgCanvas canvas(width, height, interval_words(share, samples));
    canvas.line({end, height / 2}, {width - end, height / 2}, Ink::grid);
    const Ink ink = own ? Ink::first : Ink::text;
    canvas.area(
        {place(interval.least), height / 2 - 1, place(interval.most) - place(interval.least), 2},
        ink, 1.0);
    canvas.dot({place(share), height / 2}, ink);
    return canvas.take();
}

/// The end of the scale of all intervals, at a tenth.
double least_shown(const std::vector<AccuracyRow>& rows, std::uint64_t samples) {
    double least = 0.9;
    for (const AccuracyRow& row : rows) {
        least = row.test ? std::min(least, wilson_95(*row.test, samples).least) : least;
    }
    return std::max(0.0, std::floor(least * 10) / 10);
}

std::string accuracy_table(const v1::RunReply& run) {
    const std::vector<AccuracyRow> rows = accuracies_of(run);
    const std::uint64_t samples = run.info().result().test_samples();
    const double least = least_shown(rows, samples);
    using enum MarkupTable::Align;
    MarkupTable table({{"Beside it"},
                       {"Test", right},
                       {"95 % interval", right},
                       {"Training", right},
                       {"Queries", right},
                       {fmt::format("from {:.0f} % to 100 %", 100 * least)}});
    std::string reasons;
    for (const AccuracyRow& row : rows) {
        const bool own = &row == &rows.front();
        if (row.test) {
            table.add_with_picture(
                {row.name, percent(*row.test), interval_words(*row.test, samples),
                 row.train ? percent(*row.train) : "not measured", count(row.queries)},
                interval_picture(*row.test, samples, least, own), own);
        } else {
            table.add({row.name, row.instead, "", "", "", ""});
            reasons += row.reason.empty() ? "" : fmt::format(" {}: {}.", row.name, row.reason);
        }
    }
    return table.take() +
           paragraph(fmt::format("Interval: Wilson, of {} alone; what another split or "
                                 "seed would change is not in it. Every row has the same test "
                                 "samples. Queries of a control are those beyond the run's own.{}",
                                 counted(samples, "test sample"), reasons),
                     "small muted");
}

std::string period(const v1::RunInfo& info) {
    if (info.started() <= 0) {
        return "submitted " + local_time(info.submitted()) + ", not started";
    }
    if (info.finished() <= 0) {
        return "started " + local_time(info.started());
    }
    return fmt::format("{} to {} ({})", local_time(info.started()), local_time(info.finished()),
                       duration(info.finished() - info.started()));
}

constexpr double figure_width = 340;
constexpr double curves_height = 205;
constexpr double matrix_height = 280;

std::string not_recorded(const std::string& title) {
    return fmt::format("<figure><h3>{}</h3><p class=\"muted\">not recorded</p></figure>\n",
                       in_markup(title));
}

/// Of a control, or what is said instead.
std::string accuracy_of(const std::vector<AccuracyRow>& rows, const std::string& kind) {
    const auto row = std::ranges::find(rows, control_name(kind), &AccuracyRow::name);
    return row == rows.end() ? "not measured" : row->test ? percent(*row->test) : row->instead;
}

Tile seeds_tile(const RunFacts& facts) {
    const v1::GroupVariant* variant = variant_of(facts);
    const std::string own = std::to_string(facts.run.info().seed());
    if (variant == nullptr || variant->test_accuracy().n() < 2) {
        return {.name = "Seed", .value = own, .more = "one seed: no spread is known"};
    }
    const v1::Estimate& test = variant->test_accuracy();
    return {.name = fmt::format("Mean of {} seeds", test.n()),
            .value = percent(test.mean()),
            .more = fmt::format("standard deviation {}; this is seed {}", deviation_of(test), own)};
}

/// What an accuracy must not be shown without.
std::string beside_headline(const RunFacts& facts) {
    const v1::RunResult& result = facts.run.info().result();
    const std::vector<AccuracyRow> rows = accuracies_of(facts.run);
    const std::string sentinels =
        result.sentinel_queries() > 0
            ? fmt::format("and {} for sentinels", count(result.sentinel_queries()))
            : "";
    return tiles({{.name = "Physics only", .value = accuracy_of(rows, "physics_only")},
                  {.name = "Without physics", .value = accuracy_of(rows, "without_physics")},
                  seeds_tile(facts),
                  {.name = "Test samples",
                   .value = count(result.test_samples()),
                   .more = count(result.train_samples()) + " for training"},
                  {.name = "Queries",
                   .value = count(result.training_queries() + result.evaluation_queries()),
                   .more = sentinels}});
}

} // namespace

void MarkupTable::open_row(bool mark) {
    rows_ += mark ? "<tr class=\"mark\">" : "<tr>";
}

void MarkupTable::add_cell(std::size_t column, const std::string& markup) {
    rows_ += fmt::format("<td{}>{}</td>", align_class(columns_[column].align), markup);
}

void MarkupTable::add(const std::vector<std::string>& cells, bool mark) {
    open_row(mark);
    for (std::size_t k = 0; k < cells.size(); ++k) {
        add_cell(k, in_markup(cells[k]));
    }
    rows_ += "</tr>\n";
}

void MarkupTable::add_with_picture(const std::vector<std::string>& cells,
                                   const std::string& picture, bool mark) {
    open_row(mark);
    for (std::size_t k = 0; k < cells.size(); ++k) {
        add_cell(k, in_markup(cells[k]));
    }
    add_cell(cells.size(), picture);
    rows_ += "</tr>\n";
}

std::string MarkupTable::take() const {
    std::string out = "<table>\n<thead><tr>";
    for (const Column& column : columns_) {
        out += fmt::format("<th{}>{}</th>", align_class(column.align), in_markup(column.heading));
    }
    return out + "</tr></thead>\n<tbody>\n" + rows_ + "</tbody>\n</table>\n";
}

std::string facts_list(const std::vector<std::pair<std::string, std::string>>& facts) {
    std::string out = "<dl>\n";
    for (const auto& [name, value] : facts) {
        if (!value.empty()) {
            out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", in_markup(name), in_markup(value));
        }
    }
    return out + "</dl>\n";
}

std::string section(const std::string& heading, const std::string& content) {
    return fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", in_markup(heading), content);
}

std::string paragraph(const std::string& text, const char* kind) {
    return fmt::format("<p class=\"{}\">{}</p>\n", kind, in_markup(text));
}

std::string confusion_figure(const v1::RunResult& result) {
    constexpr double height = matrix_height;
    SvgCanvas canvas(figure_width, height, "Confusion of the test samples");
    draw_confusion(canvas, result, {0, 0, figure_width, height});
    const bool named =
        static_cast<std::uint32_t>(result.classes_size()) == result.test_judgement().classes();
    return fmt::format("<figure>{}<figcaption>{}Shaded by the share of the class.</figcaption>"
                       "</figure>\n",
                       canvas.take(), named ? "" : "Classes are numbered from 0. ");
}

std::string figure(const Chart& chart, double height, Width width) {
    const double wide = width == Width::half ? figure_width : 2 * figure_width;
    SvgCanvas canvas(wide, height, chart.title);
    draw(canvas, chart, {0, 0, wide, height});
    return "<figure>" + canvas.take() + "</figure>\n";
}

std::string tiles(const std::vector<Tile>& facts) {
    std::string out = "<dl class=\"tiles\">\n";
    for (const Tile& tile : facts) {
        out +=
            fmt::format("<div><dt>{}</dt><dd>{}</dd>", in_markup(tile.name), in_markup(tile.value));
        out += tile.more.empty() ? "" : "<dd class=\"small\">" + in_markup(tile.more) + "</dd>";
        out += "</div>\n";
    }
    return out + "</dl>\n";
}

std::string headline_part(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    std::string out = paragraph(fmt::format("{}{}{}; {}; by {}", name_of(info.state()),
                                            info.reason().empty() ? "" : ": ", info.reason(),
                                            period(info), info.submitted_by()),
                                "muted");
    if (!info.note().empty()) {
        out += paragraph(info.note());
    }
    std::string evidence = "Evidence: " + evidence_words(info);
    for (const std::string& of : info.result().evidence_of()) {
        evidence += (is_of_instruments(info) ? "; " : "; of ") + of;
    }
    out += paragraph(evidence + ".", "evidence");
    if (info.kind() != v1::TRAINING) {
        std::vector<std::pair<std::string, std::string>> metrics{{"kind", name_of(info.kind())}};
        for (const auto& [name, value] : std::map(info.metrics().begin(), info.metrics().end())) {
            metrics.emplace_back(name, fmt::format("{:g}", value));
        }
        return out + facts_list(metrics);
    }
    if (!has_accuracy(info)) {
        return out + paragraph("Test accuracy: not measured.");
    }
    const v1::RunResult& result = info.result();
    out += fmt::format("<p class=\"headline\"><b>{}</b>test accuracy, 95 % interval {}; {} of the "
                       "training samples</p>\n",
                       in_markup(percent(result.test_accuracy())),
                       in_markup(interval_words(result.test_accuracy(), result.test_samples())),
                       in_markup(share_words(result.train_accuracy(), result.train_samples())));
    return out + beside_headline(facts) + accuracy_table(facts.run);
}

std::string figures_part(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    if (info.kind() != v1::TRAINING) {
        return {};
    }
    std::string out = "<div class=\"pair\">\n";
    if (facts.epochs.empty()) {
        out = paragraph(has_epochs(facts.run.spec()) ? "Curves: no epoch was finished."
                                                     : "No curves: a read-out is fitted at once.",
                        "muted") +
              out;
    } else {
        out +=
            figure(loss_chart(facts), curves_height) + figure(accuracy_chart(facts), curves_height);
        if (const std::optional<Chart> validation = validation_chart(facts)) {
            out += figure(*validation, curves_height);
        }
    }
    const v1::TestJudgement& judgement = info.result().test_judgement();
    out += is_whole(judgement) ? confusion_figure(info.result())
                               : not_recorded("Confusion of the test samples");
    const Chart goodness = goodness_chart(judgement);
    out += goodness.curves.empty() ? not_recorded("Goodness of the test samples")
                                   : figure(goodness, matrix_height);
    out += "</div>\n";
    if (!info.result().eras().empty()) {
        out += paragraph("Where training started over, a curve begins again.", "small muted");
    }
    return section("Training and test", out);
}

} // namespace phyll::cli
