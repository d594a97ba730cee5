#pragma once

#include "daemon/metrics/meters.hpp"
#include "daemon/metrics/process_figures.hpp"
#include "daemon/metrics/snapshot.hpp"

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace phyll::metrics {

/// What phylld was built as.
struct Build {
    std::string version;
    std::string kernel_level; ///< instruction set of the numerics
};

/// What metrics are made of.
struct Sources {
    const Build& build;
    Seconds uptime{};
    const ProcessFigures& process;
    const Meters& meters;
    const Snapshot* snapshot = nullptr; ///< null: the daemon's loop did not say
};

/// All that is measured, as docs/metrics.md lists it. Without a snapshot `phyll_up` is 0, and what
/// would be from it is missing. A family without a sample is left out.
[[nodiscard]] std::vector<prometheus::MetricFamily> families(const Sources& sources);

/// In the text format of Prometheus.
[[nodiscard]] std::string as_text(const std::vector<prometheus::MetricFamily>& families);

} // namespace phyll::metrics
