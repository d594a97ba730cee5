// A group's figures, for people and as JSON.

#include "group_view.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <set>

namespace phyll::cli {
namespace {

std::vector<std::string> texts(const google::protobuf::RepeatedPtrField<std::string>& field) {
    return {field.begin(), field.end()};
}

std::string rule_name(v1::IntervalRule rule) {
    switch (rule) {
    case v1::RESAMPLED_T:
        return "resampled_t";
    case v1::PLAIN_T:
        return "plain_t";
    case v1::T_AND_TEST_SET:
        return "t_and_test_set";
    default:
        return "none";
    }
}

nlohmann::json estimate_json(const v1::Estimate& estimate) {
    nlohmann::json out{{"n", estimate.n()}};
    if (estimate.n() > 0) {
        out["mean"] = estimate.mean();
    }
    if (estimate.has_deviation()) {
        out["deviation"] = estimate.deviation();
    }
    if (estimate.has_half_width()) {
        out["half_width"] = estimate.half_width();
        out["rule"] = rule_name(estimate.rule());
    }
    return out;
}

nlohmann::json variant_json(const v1::GroupVariant& variant) {
    nlohmann::json out{
        {"overrides", texts(variant.overrides())},
        {"runs", std::vector<std::uint64_t>(variant.runs().begin(), variant.runs().end())},
        {"test_accuracy", estimate_json(variant.test_accuracy())},
        {"train_accuracy", estimate_json(variant.train_accuracy())},
        {"hardware_queries", variant.queries()},
        {"controls", nlohmann::json::array()}};
    for (const v1::ControlEstimate& control : variant.controls()) {
        out["controls"].push_back({{"kind", control.kind()},
                                   {"test_accuracy", estimate_json(control.test_accuracy())},
                                   {"difference", estimate_json(control.difference())},
                                   {"reason", control.reason()}});
    }
    return out;
}

std::string mean_of(const v1::Estimate& estimate) {
    return estimate.n() == 0 ? "-" : percent(estimate.mean());
}

std::string settings_of(const v1::GroupVariant& variant) {
    return variant.overrides().empty() ? "the file's"
                                       : fmt::format("{}", fmt::join(variant.overrides(), ", "));
}

std::string run_numbers(const v1::GroupReply& group) {
    std::vector<std::uint64_t> numbers;
    for (const v1::RunInfo& member : group.members()) {
        numbers.push_back(member.run());
    }
    return numbers_in_words(numbers);
}

std::string counts(const v1::GroupInfo& info) {
    std::string text = fmt::format("{} of {} succeeded", info.succeeded(), info.members());
    const auto add = [&](std::uint32_t number, const char* state) {
        if (number > 0) {
            text += fmt::format(", {} {}", number, state);
        }
    };
    add(info.failed(), "failed");
    add(info.cancelled(), "cancelled");
    add(info.running(), "running");
    add(info.waiting(), "waiting");
    return text;
}

void print_variants(std::ostream& out, const v1::GroupReply& group) {
    Table table({"VARIANT", "SETTINGS", "N", "TEST", "STD", "95 %", "TRAIN", "QUERIES"});
    for (int i = 0; i < group.variants_size(); ++i) {
        const v1::GroupVariant& variant = group.variants(i);
        const v1::Estimate& test = variant.test_accuracy();
        table.add({std::to_string(i + 1), settings_of(variant), std::to_string(test.n()),
                   mean_of(test), deviation_of(test), interval_of(test),
                   mean_of(variant.train_accuracy()), count(variant.queries())});
    }
    table.print(out, "  ");
    for (const v1::GroupVariant& variant : group.variants()) {
        if (variant.test_accuracy().n() > 0) {
            out << fmt::format("  95 % interval: {}\n", rule_words(variant.test_accuracy().rule()));
            return;
        }
    }
}

/// Why a control was not measured is added to `reasons`.
void print_controls(std::ostream& out, const v1::GroupVariant& variant, const std::string& of,
                    std::set<std::string>& reasons) {
    if (variant.controls().empty()) {
        return;
    }
    Table table({"BESIDE " + of, "N", "TEST", "STD", "95 %", "HEADLINE MINUS IT", "STD", "95 %"});
    for (const v1::ControlEstimate& control : variant.controls()) {
        const std::string name = control_name(control.kind());
        const v1::Estimate& test = control.test_accuracy();
        if (test.n() == 0) {
            table.add({name, "0", "not measured", "-", "-", "-", "-", "-"});
            reasons.insert(fmt::format("{}: {}", name, control.reason()));
            continue;
        }
        table.add({name, std::to_string(test.n()), mean_of(test), deviation_of(test),
                   interval_of(test), difference_of(control.difference()),
                   deviation_of(control.difference()), interval_of(control.difference())});
    }
    table.print(out, "  ");
}

void print_comparisons(std::ostream& out, const v1::GroupReply& group) {
    if (group.comparisons().empty()) {
        return;
    }
    Table table({"VARIANTS", "SEEDS", "DIFFERENCE", "STD", "95 %", ""});
    for (const v1::GroupComparison& comparison : group.comparisons()) {
        const v1::Estimate& difference = comparison.difference();
        table.add({fmt::format("{} minus {}", comparison.a() + 1, comparison.b() + 1),
                   std::to_string(difference.n()), difference_of(difference),
                   deviation_of(difference), interval_of(difference), comparison.reason()});
    }
    out << "  between variants, paired by seed, not corrected for their number:\n";
    table.print(out, "  ");
}

} // namespace

std::string progress_of(const v1::GroupInfo& info) {
    return fmt::format("{}/{}/{}", info.succeeded(), info.failed() + info.cancelled(),
                       info.members());
}

std::string deviation_of(const v1::Estimate& estimate) {
    return estimate.has_deviation() ? percent(estimate.deviation()) : "-";
}

std::string interval_of(const v1::Estimate& estimate) {
    return estimate.has_half_width() ? "+- " + percent(estimate.half_width()) : "-";
}

std::string difference_of(const v1::Estimate& estimate) {
    // Rounded first: a small negative difference would show as -0.0.
    const double points = std::round(1000.0 * estimate.mean()) / 10.0;
    return estimate.n() == 0 ? "-" : fmt::format("{:+.1f} %", points == 0 ? 0.0 : points);
}

std::string rule_words(v1::IntervalRule rule) {
    switch (rule) {
    case v1::RESAMPLED_T:
        return "corrected resampled t (Nadeau and Bengio 2003), since the random splits of one "
               "data set overlap";
    case v1::PLAIN_T:
        return "Student's t, data drawn anew for each seed";
    case v1::T_AND_TEST_SET:
        return "Student's t over the seeds, with the sampling error of the one test set (for "
               "differences an upper bound)";
    default:
        return "none: a single member says nothing about its spread";
    }
}

nlohmann::json to_json(const v1::GroupInfo& info, const std::string& event) {
    return {{"event", event},
            {"group", info.group()},
            {"name", info.name()},
            {"note", info.note()},
            {"state", name_of(info.state())},
            {"reason", info.reason()},
            {"submitted", info.submitted()},
            {"submitted_by", info.submitted_by()},
            {"finished", info.finished()},
            {"overrides", texts(info.overrides())},
            {"members", info.members()},
            {"waiting", info.waiting()},
            {"running", info.running()},
            {"succeeded", info.succeeded()},
            {"failed", info.failed()},
            {"cancelled", info.cancelled()},
            {"rigs", texts(info.rigs())},
            {"hardware_queries", info.queries()},
            {"test_accuracy", estimate_json(info.test_accuracy())}};
}

nlohmann::json to_json(const v1::GroupReply& group, const std::string& event) {
    nlohmann::json out = to_json(group.info(), event);
    out["runs"] = nlohmann::json::array();
    for (const v1::RunInfo& member : group.members()) {
        out["runs"].push_back(member.run());
    }
    out["variants"] = nlohmann::json::array();
    for (const v1::GroupVariant& variant : group.variants()) {
        out["variants"].push_back(variant_json(variant));
    }
    out["comparisons"] = nlohmann::json::array();
    for (const v1::GroupComparison& comparison : group.comparisons()) {
        out["comparisons"].push_back({{"a", comparison.a()},
                                      {"b", comparison.b()},
                                      {"difference", estimate_json(comparison.difference())},
                                      {"reason", comparison.reason()}});
    }
    return out;
}

void print_group(std::ostream& out, const v1::GroupReply& group) {
    const v1::GroupInfo& info = group.info();
    const auto line = [&](const char* name, const std::string& value) {
        out << fmt::format("  {:<16} {}\n", name, value);
    };
    out << fmt::format("group g{}{}{} {}{}{}\n", info.group(), info.name().empty() ? "" : " ",
                       info.name(), name_of(info.state()), info.reason().empty() ? "" : ": ",
                       info.reason());
    if (!info.note().empty()) {
        line("note", info.note());
    }
    line("submitted", fmt::format("{} by {}", local_time(info.submitted()), info.submitted_by()));
    line("finished", local_time(info.finished()));
    line("members", fmt::format("{}: runs {}", counts(info), run_numbers(group)));
    if (!info.overrides().empty()) {
        line("set", fmt::format("{}", fmt::join(info.overrides(), ", ")));
    }
    line("queries", count(info.queries()));
    print_variants(out, group);
    std::set<std::string> reasons;
    for (int i = 0; i < group.variants_size(); ++i) {
        print_controls(out, group.variants(i),
                       group.variants_size() == 1 ? "IT" : fmt::format("VARIANT {}", i + 1),
                       reasons);
    }
    for (const std::string& reason : reasons) {
        out << fmt::format("  {}\n", reason);
    }
    print_comparisons(out, group);
    for (const v1::RunInfo& member : group.members()) {
        if (member.state() == v1::FAILED || member.state() == v1::RUN_CANCELLED) {
            out << fmt::format("  run {} {}: {}\n", member.run(), name_of(member.state()),
                               member.reason());
        }
    }
}

} // namespace phyll::cli
