#include "daemon/runs/retention.hpp"

#include <algorithm>
#include <tuple>

namespace phyll::runs {
namespace {

constexpr double seconds_per_day = 86400.0;

} // namespace

Expired expired(const std::vector<RunEnd>& runs, const v1::RetentionConfig& rule, double now) {
    Expired out;
    std::set<std::uint64_t> kept; // groups
    std::vector<RunEnd> over;
    for (const RunEnd& end : runs) {
        if (end.over) {
            over.push_back(end);
        } else {
            kept.insert(end.group);
        }
    }
    std::ranges::sort(over, std::ranges::greater(),
                      [](const RunEnd& end) { return std::tuple(end.finished, end.run); });
    for (std::size_t i = 0; i < over.size(); ++i) {
        const RunEnd& end = over[i];
        const bool one_too_many = rule.keep_runs() != 0 && i >= rule.keep_runs();
        const bool too_old =
            rule.keep_days() > 0 && now - end.finished > rule.keep_days() * seconds_per_day;
        if (!one_too_many && !too_old) {
            kept.insert(end.group);
        } else if (end.group == 0) {
            out.runs.insert(end.run);
        } else {
            out.groups.insert(end.group);
        }
    }
    std::erase_if(out.groups, [&](std::uint64_t group) { return kept.contains(group); });
    return out;
}

} // namespace phyll::runs
