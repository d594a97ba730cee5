#include "drivers/core/findings/findings.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace phyll {
namespace {

const char* name_of(Severity severity) {
    switch (severity) {
    case Severity::fine:
        return "fine";
    case Severity::note:
        return "note";
    case Severity::warning:
        return "warning";
    case Severity::fault:
        break;
    }
    return "fault"; // what a newer phylld finds worse is no better
}

void say_in_json(const Finding& finding, std::ostream& out) {
    out << nlohmann::json{{"event", "examined"},        {"severity", name_of(finding.severity)},
                          {"check", finding.check},     {"subject", finding.subject},
                          {"finding", finding.finding}, {"advice", finding.advice}}
               .dump()
        << '\n';
}

void say_in_text(const Finding& finding, std::ostream& out) {
    out << fmt::format("{:<8} {}{}{}: {}\n", name_of(finding.severity), finding.check,
                       finding.subject.empty() ? "" : " ", finding.subject, finding.finding);
    if (!finding.advice.empty()) {
        out << fmt::format("{:<8} do: {}\n", "", finding.advice);
    }
}

} // namespace

Severity worst(const std::vector<Finding>& findings) noexcept {
    const auto found = std::ranges::max_element(findings, {}, &Finding::severity);
    return found == findings.end() ? Severity::fine : found->severity;
}

void say(std::vector<Finding> findings, const FindingsLayout& layout, std::ostream& out) {
    std::ranges::stable_sort(findings, std::ranges::greater(), &Finding::severity);
    std::size_t fine = 0;
    for (const Finding& finding : findings) {
        if (finding.severity == Severity::fine) {
            ++fine;
            if (!layout.all) {
                continue;
            }
        }
        layout.json ? say_in_json(finding, out) : say_in_text(finding, out);
    }
    if (!layout.json && !layout.all && fine > 0) {
        out << fmt::format("{} thing{} looked at and found fine; --all lists {}\n", fine,
                           fine == 1 ? " was" : "s were", fine == 1 ? "it" : "them");
    }
}

} // namespace phyll
