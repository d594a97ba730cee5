#include "clients/cli/canvas.hpp"
#include "clients/cli/group_view.hpp"
#include "clients/cli/output.hpp"
#include "clients/cli/report/page.hpp"
#include "clients/cli/report/page_parts.hpp"
#include "clients/cli/report/page_seeds.hpp"
#include "clients/cli/report/pictures.hpp"
#include "clients/cli/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace phyll::cli {
namespace {

/// What the responses were, of all members that have a result.
std::string evidence_of_members(const v1::GroupReply& group) {
    std::set<std::string> words;
    std::set<std::string> of;
    for (const v1::RunInfo& member : group.members()) {
        if (member.has_result()) {
            words.insert(evidence_words(member));
            of.insert(member.result().evidence_of().begin(), member.result().evidence_of().end());
        }
    }
    return words.empty() ? "not recorded (no member has a result)"
                         : fmt::format("{}{}{}", fmt::join(words, "; and "),
                                       of.empty() ? "" : "; of ", fmt::join(of, "; "));
}

Tile control_tile(const v1::GroupVariant& variant, const RunFacts& example, const char* kind,
                  const char* name) {
    const auto& controls = variant.controls();
    const auto found = std::ranges::find(controls, kind, &v1::ControlEstimate::kind);
    if (found != controls.end() && found->test_accuracy().n() > 0) {
        const v1::Estimate& test = found->test_accuracy();
        return {.name = name,
                .value = percent(test.mean()),
                .more = fmt::format("standard deviation {}, of {}", deviation_of(test), test.n())};
    }
    // Whether the headline is itself what it would be held against.
    const std::vector<AccuracyRow> rows = accuracies_of(example.run);
    const auto row = std::ranges::find(rows, control_name(kind), &AccuracyRow::name);
    const bool itself = row != rows.end() && !row->test && row->instead == "this run";
    return {.name = name, .value = itself ? "the headline" : "not measured"};
}

Tile samples_tile(const v1::GroupReply& group, const v1::GroupVariant& variant) {
    for (const v1::RunInfo* member : members_in(group, variant)) {
        if (has_accuracy(*member)) {
            return {.name = "Test samples",
                    .value = count(member->result().test_samples()),
                    .more = count(member->result().train_samples()) + " for training"};
        }
    }
    return {.name = "Test samples", .value = "not recorded"};
}

std::string variant_headline(const v1::GroupReply& group, const v1::GroupVariant& variant,
                             const RunFacts& example) {
    const v1::Estimate& test = variant.test_accuracy();
    if (test.n() == 0) {
        return paragraph("Test accuracy: not measured.");
    }
    return fmt::format("<p class=\"headline\"><b>{}</b>mean test accuracy of {}, standard "
                       "deviation {}, 95 % interval {}</p>\n",
                       in_markup(percent(test.mean())), in_markup(counted(test.n(), "seed")),
                       in_markup(deviation_of(test)), in_markup(interval_of(test))) +
           tiles({control_tile(variant, example, "physics_only", "Physics only"),
                  control_tile(variant, example, "without_physics", "Without physics"),
                  {.name = "Seeds", .value = numbers_in_words(seeds_of(group, variant))},
                  samples_tile(group, variant),
                  {.name = "Queries", .value = count(variant.queries())}}) +
           paragraph("Interval: " + rule_words(test.rule()) + ".", "small muted");
}

/// The confusion matrices of all seeds in one; without a judgement where they do not fit.
v1::RunResult together(const std::vector<const v1::RunInfo*>& members, const RunFacts& example) {
    v1::RunResult sum;
    *sum.mutable_classes() = example.run.info().result().classes();
    for (const v1::RunInfo* member : members) {
        const v1::TestJudgement& one = member->result().test_judgement();
        if (!member->has_result()) {
            continue;
        }
        if (!is_whole(one) ||
            (sum.has_test_judgement() && sum.test_judgement().classes() != one.classes())) {
            return {};
        }
        v1::TestJudgement& all = *sum.mutable_test_judgement();
        all.set_classes(one.classes());
        all.mutable_confusion()->Resize(one.confusion_size(), 0);
        for (int cell = 0; cell < one.confusion_size(); ++cell) {
            all.set_confusion(cell, all.confusion(cell) + one.confusion(cell));
        }
    }
    return sum;
}

std::string variant_part(const v1::GroupReply& group, const v1::GroupVariant& variant,
                         const RunFacts& example) {
    const v1::RunResult sum = together(members_in(group, variant), example);
    std::string out = variant_headline(group, variant, example) + seeds_table(variant) +
                      seeds_figure(group, variant);
    if (is_whole(sum.test_judgement())) {
        out += "<div class=\"pair\">\n" + confusion_figure(sum) + "</div>\n";
    }
    return section(variant.overrides().empty()
                       ? "Over seeds"
                       : fmt::format("Over seeds: {}", fmt::join(variant.overrides(), ", ")),
                   out);
}

std::string comparisons_part(const v1::GroupReply& group) {
    if (group.variants_size() < 2) {
        return {};
    }
    using enum MarkupTable::Align;
    MarkupTable table({{"Variants"},
                       {"Seeds", right},
                       {"Difference", right},
                       {"Std", right},
                       {"95 %", right},
                       {""}});
    for (const v1::GroupComparison& comparison : group.comparisons()) {
        const v1::Estimate& difference = comparison.difference();
        table.add({fmt::format("{} minus {}", comparison.a() + 1, comparison.b() + 1),
                   std::to_string(difference.n()), difference_of(difference),
                   deviation_of(difference), interval_of(difference), comparison.reason()});
    }
    return section("Variants", variants_table(group) + table.take() +
                                   paragraph("Differences are paired by seed, and not corrected "
                                             "for their number.",
                                             "small muted"));
}

std::string or_dash(const std::optional<double>& accuracy) {
    return accuracy ? percent(*accuracy) : "-";
}

std::string members_part(const v1::GroupReply& group) {
    using enum MarkupTable::Align;
    const bool swept = group.variants_size() > 1;
    std::vector<MarkupTable::Column> columns{{"Run", right}, {"Seed", right}};
    if (swept) {
        columns.push_back({"Set"});
    }
    for (const char* heading :
         {"Test", "95 % interval", "Training", "Physics only", "Without physics", "Queries"}) {
        columns.push_back({heading, right});
    }
    columns.push_back({"State"});
    MarkupTable table(std::move(columns));
    for (const v1::RunInfo& member : group.members()) {
        const v1::RunResult& result = member.result();
        const std::optional<double> test = test_of(member);
        std::vector<std::string> cells{std::to_string(member.run()), std::to_string(member.seed())};
        if (swept) {
            cells.push_back(fmt::format("{}", fmt::join(member.overrides(), ", ")));
        }
        for (std::string cell :
             {or_dash(test), test ? interval_words(*test, result.test_samples()) : "-",
              test ? percent(result.train_accuracy()) : "-",
              or_dash(test_of(member, "physics_only")), or_dash(test_of(member, "without_physics")),
              count(result.training_queries() + result.evaluation_queries()),
              name_of(member.state()) + (member.reason().empty() ? "" : ": " + member.reason())}) {
            cells.push_back(std::move(cell));
        }
        table.add(cells);
    }
    return section("Runs", table.take());
}

} // namespace

std::string group_page(const v1::GroupReply& group, const RunFacts& example) {
    const v1::GroupInfo& info = group.info();
    std::string out =
        paragraph(fmt::format("{}{}{}; {} of {} succeeded; submitted {} by {}",
                              name_of(info.state()), info.reason().empty() ? "" : ": ",
                              info.reason(), info.succeeded(), counted(info.members(), "run"),
                              local_time(info.submitted()), info.submitted_by()),
                  "muted");
    out += info.note().empty() ? "" : paragraph(info.note());
    out += paragraph("Evidence: " + evidence_of_members(group) + ".", "evidence");
    for (const v1::GroupVariant& variant : group.variants()) {
        out += variant_part(group, variant, example);
    }
    out += comparisons_part(group) + members_part(group);
    out += paragraph(
        fmt::format("Settings and rigs are those of run {}.", example.run.info().run()), "muted");
    out += settings_part(example) + rigs_part(example) + provenance_part(example) +
           run_file_part(example);
    return page_of(
        fmt::format("Group g{}{}{}", info.group(), info.name().empty() ? "" : ": ", info.name()),
        out, fmt::format("group g{}", info.group()), example.time);
}

} // namespace phyll::cli
