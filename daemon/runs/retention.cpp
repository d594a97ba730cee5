#include "daemon/runs/retention.hpp"

#include <algorithm>
#include <tuple>

namespace phyll::runs {
namespace {

constexpr double seconds_per_day = 86400.0;

} // namespace

std::set<std::uint64_t> expired(const std::vector<RunEnd>& runs, const v1::RetentionConfig& rule,
                                double now) {
    std::vector<RunEnd> over;
    std::ranges::copy_if(runs, std::back_inserter(over), &RunEnd::over);
    std::ranges::sort(over, std::ranges::greater(),
                      [](const RunEnd& end) { return std::tuple(end.finished, end.run); });
    std::set<std::uint64_t> out;
    for (std::size_t i = 0; i < over.size(); ++i) {
        const bool one_too_many = rule.keep_runs() != 0 && i >= rule.keep_runs();
        const bool too_old =
            rule.keep_days() > 0 && now - over[i].finished > rule.keep_days() * seconds_per_day;
        if (one_too_many || too_old) {
            out.insert(over[i].run);
        }
    }
    return out;
}

} // namespace phyll::runs
