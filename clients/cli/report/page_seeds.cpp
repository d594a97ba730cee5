// What is said of a run by those that differ from it in their seeds alone.
#include "clients/cli/report/page_seeds.hpp"
#include "clients/cli/group_view.hpp"
#include "clients/cli/output.hpp"
#include "clients/cli/report/page_parts.hpp"
#include "clients/cli/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

namespace phyll::cli {
namespace {

constexpr double seeds_height = 190;

/// `beside`: by how much the dots stand beside their seed, so that equal ones are all seen.
Chart::Curve dots_of(const std::vector<const v1::RunInfo*>& members, const std::string& name,
                     const std::string& control, double beside) {
    Chart::Curve curve{.name = name, .x = {}, .y = {}, .steps = false, .dots = true};
    for (const v1::RunInfo* member : members) {
        if (const std::optional<double> test = test_of(*member, control)) {
            curve.x.push_back(static_cast<double>(member->seed()) + beside);
            curve.y.push_back(100 * *test);
        }
    }
    return curve;
}

/// Between two seeds.
double least_distance(const std::vector<const v1::RunInfo*>& members) {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t k = 1; k < members.size(); ++k) {
        least = std::min(least, static_cast<double>(members[k]->seed() - members[k - 1]->seed()));
    }
    return members.size() > 1 ? least : 1.0;
}

/// In the order of every other table of controls.
std::vector<const v1::ControlEstimate*> in_order(const v1::GroupVariant& variant) {
    std::vector<const v1::ControlEstimate*> controls;
    for (const v1::ControlEstimate& control : variant.controls()) {
        controls.push_back(&control);
    }
    std::ranges::stable_sort(controls, {}, [](const v1::ControlEstimate* control) {
        return place_of_control(control->kind());
    });
    return controls;
}

Chart seeds_chart(const v1::GroupReply& group, const v1::GroupVariant& variant,
                  std::optional<std::uint64_t> own) {
    const std::vector<const v1::RunInfo*> members = members_in(group, variant);
    Chart chart{.title = "Test accuracy",
                .x_label = "seed",
                .y_label = "per cent",
                .curves = {},
                .y_range = Chart::Range{100.0, 100.0},
                .whole_x = true};
    if (own) {
        chart.marks.push_back({.x = static_cast<double>(*own), .name = "this run"});
    }
    const double apart = 0.16 * least_distance(members);
    for (const auto& [name, control, place] :
         {std::tuple{"headline", "", 0.0}, std::tuple{"physics only", "physics_only", 1.0},
          std::tuple{"without physics", "without_physics", -1.0}}) {
        Chart::Curve curve = dots_of(members, name, control, place * apart);
        if (!curve.x.empty()) {
            chart.curves.push_back(std::move(curve));
        }
    }
    return chart;
}

std::string mean_words(const v1::Estimate& estimate) {
    return estimate.n() == 0 ? "not measured" : percent(estimate.mean());
}

} // namespace

std::optional<double> test_of(const v1::RunInfo& member, const std::string& control) {
    if (!has_accuracy(member)) {
        return std::nullopt;
    }
    if (control.empty()) {
        return member.result().test_accuracy();
    }
    const auto& controls = member.result().controls();
    const auto found = std::ranges::find(controls, control, &v1::Control::kind);
    return found != controls.end() && found->has_test_accuracy()
               ? std::optional(found->test_accuracy())
               : std::nullopt;
}

std::vector<const v1::RunInfo*> members_in(const v1::GroupReply& group,
                                           const v1::GroupVariant& variant) {
    std::vector<const v1::RunInfo*> members;
    for (const v1::RunInfo& member : group.members()) {
        if (std::ranges::find(variant.runs(), member.run()) != variant.runs().end()) {
            members.push_back(&member);
        }
    }
    std::ranges::sort(members, {}, [](const v1::RunInfo* member) { return member->seed(); });
    return members;
}

std::string seeds_table(const v1::GroupVariant& variant) {
    using enum MarkupTable::Align;
    MarkupTable table({{"Over seeds"},
                       {"Seeds", right},
                       {"Mean test", right},
                       {"Std", right},
                       {"95 %", right},
                       {"Headline minus it", right},
                       {"Std", right},
                       {"95 %", right}});
    const v1::Estimate& own = variant.test_accuracy();
    table.add({"headline", std::to_string(own.n()), mean_words(own), deviation_of(own),
               interval_of(own), "", "", ""},
              true);
    for (const v1::ControlEstimate* control : in_order(variant)) {
        const v1::Estimate& test = control->test_accuracy();
        const v1::Estimate& difference = control->difference();
        table.add({control_name(control->kind()), std::to_string(test.n()), mean_words(test),
                   deviation_of(test), interval_of(test), difference_of(difference),
                   deviation_of(difference), interval_of(difference)});
    }
    return table.take();
}

std::string variants_table(const v1::GroupReply& group, const v1::GroupVariant* own) {
    using enum MarkupTable::Align;
    MarkupTable table({{"Variant", narrow},
                       {"Set"},
                       {"Seeds", right},
                       {"Mean test", right},
                       {"Std", right},
                       {"95 %", right},
                       {"Queries", right}});
    int number = 0;
    for (const v1::GroupVariant& variant : group.variants()) {
        const v1::Estimate& test = variant.test_accuracy();
        table.add({std::to_string(++number),
                   variant.overrides().empty()
                       ? "the file's"
                       : fmt::format("{}", fmt::join(variant.overrides(), ", ")),
                   std::to_string(test.n()), mean_words(test), deviation_of(test),
                   interval_of(test), count(variant.queries())},
                  &variant == own);
    }
    return table.take();
}

std::string seeds_figure(const v1::GroupReply& group, const v1::GroupVariant& variant,
                         std::optional<std::uint64_t> own) {
    return figure(seeds_chart(group, variant, own), seeds_height, Width::whole);
}

std::string seeds_part(const RunFacts& facts) {
    const v1::GroupVariant* variant = variant_of(facts);
    if (variant == nullptr) {
        return {};
    }
    std::string out = paragraph(spread_words(facts)) + seeds_table(*variant);
    if (variant->test_accuracy().n() > 1) {
        out += seeds_figure(*facts.group, *variant, facts.run.info().seed());
    }
    if (facts.group->variants_size() > 1) {
        out += variants_table(*facts.group, variant);
    }
    return section(fmt::format("Seeds: group g{}", facts.run.info().group()), out);
}

} // namespace phyll::cli
