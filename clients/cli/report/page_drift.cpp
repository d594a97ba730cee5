// Whether the rigs were still the devices that they were when the run began.
#include "clients/cli/output.hpp"
#include "clients/cli/report/page_parts.hpp"
#include "clients/cli/report/pictures.hpp"
#include "clients/cli/report/words.hpp"

#include <fmt/format.h>

namespace phyll::cli {
namespace {

constexpr double drift_height = 215;

std::string drift_figures(const RunFacts& facts) {
    if (facts.drift.empty()) {
        return paragraph("No picture of them: " +
                             (facts.no_drift.empty() ? "none is recorded" : facts.no_drift) + ".",
                         "muted");
    }
    const v1::SentinelsSpec& sentinels = facts.run.spec().sentinels();
    std::string out;
    for (const RigDrift& rig : facts.drift) {
        out += rig.rounds.size() <= sentinels.baseline()
                   ? paragraph(fmt::format("Of {} the first {} alone, with which nothing was "
                                           "compared.",
                                           rig.rig, counted(rig.rounds.size(), "round")))
                   : figure(drift_chart(rig, sentinels.tolerance()), drift_height, Width::whole);
    }
    return out +
           paragraph(fmt::format("Each round of sentinels against the mean of the first {} of its "
                                 "era, in standard deviations of the response, root mean square "
                                 "over outputs and sentinels. What ends an era are means over "
                                 "several rounds, noise subtracted.",
                                 sentinels.baseline()),
                     "small muted");
}

} // namespace

std::string drift_part(const RunFacts& facts) {
    const v1::RunResult& result = facts.run.info().result();
    const v1::SentinelsSpec& sentinels = facts.run.spec().sentinels();
    std::string out;
    if (result.sentinel_queries() > 0) {
        // Left to phylld, the spec does not say how often.
        const std::string every =
            sentinels.every() > 0 ? fmt::format(" every {} samples", count(sentinels.every())) : "";
        out += paragraph(fmt::format(
            "{} sentinels{}, tolerance {:g} standard deviations of the response: "
            "{} queries, {} ended.",
            sentinels.count(), every, sentinels.tolerance(), count(result.sentinel_queries()),
            result.eras().empty()
                ? "no era"
                : counted(static_cast<std::uint64_t>(result.eras_size()), "era")));
        out += drift_figures(facts);
    } else if (result.eras().empty()) {
        return section("Drift", paragraph("Not watched: no sentinels were measured.", "muted"));
    }
    if (!result.eras().empty()) {
        using enum MarkupTable::Align;
        MarkupTable table({{"Rig", narrow},
                           {"Era that ended", right},
                           {"Before measurement", right},
                           {"Moved, deviations", right},
                           {"Why"}});
        for (const v1::EraEnded& era : result.eras()) {
            table.add({era.rig(), count(era.era()), count(era.number()),
                       fmt::format("{:.3g}", era.moved()), era.why()});
        }
        out += table.take();
    }
    return section("Drift", out);
}

} // namespace phyll::cli
