#include "daemon/metrics/families.hpp"

#include "daemon/runs/run_state.hpp"
#include "drivers/core/text.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace phyll::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Labels = std::vector<ClientMetric::Label>;

/// A family that is being filled.
class Family {
  public:
    Family(std::vector<MetricFamily>& into, MetricType type, std::string name, std::string help)
        : into_(into) {
        family_.type = type;
        family_.name = std::move(name);
        family_.help = std::move(help);
    }
    Family(const Family&) = delete;
    Family& operator=(const Family&) = delete;
    ~Family() {
        if (!family_.metric.empty()) {
            into_.push_back(std::move(family_));
        }
    }

    template <class Number>
    void add(Number number, Labels labels = {}) {
        const auto value = static_cast<double>(number);
        ClientMetric metric;
        if (family_.type == MetricType::Counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
        add(std::move(metric), std::move(labels));
    }
    void add(ClientMetric metric, Labels labels = {}) {
        metric.label = std::move(labels);
        family_.metric.push_back(std::move(metric));
    }

  private:
    std::vector<MetricFamily>& into_;
    MetricFamily family_;
};

/// The families so far, and how the next one is begun.
class Page {
  public:
    Family counter(std::string name, std::string help) {
        return {families_, MetricType::Counter, std::move(name), std::move(help)};
    }
    Family gauge(std::string name, std::string help) {
        return {families_, MetricType::Gauge, std::move(name), std::move(help)};
    }
    Family histogram(std::string name, std::string help) {
        return {families_, MetricType::Histogram, std::move(name), std::move(help)};
    }
    [[nodiscard]] std::vector<MetricFamily> take() { return std::move(families_); }

  private:
    std::vector<MetricFamily> families_;
};

std::string text(std::string_view words) {
    return std::string(words);
}

void add_daemon(Page& page, const Sources& sources) {
    page.gauge("phyll_up", "Whether phylld's loop answered; 0: what it knows is missing here")
        .add(sources.snapshot != nullptr ? 1 : 0);
    page.gauge("phyll_build_info", "Always 1: what phylld was built as, in the labels")
        .add(1, {{"version", sources.build.version}, {"kernels", sources.build.kernel_level}});
    page.gauge("phyll_uptime_seconds", "Since phylld was started").add(sources.uptime.count());
}

void add_process(Page& page, const ProcessFigures& process) {
    const auto add = [&](const char* name, const char* help, const auto& figure) {
        Family family = page.gauge(name, help);
        if (figure) {
            family.add(*figure);
        }
    };
    add("phyll_process_resident_bytes", "Memory of the process that is in RAM",
        process.resident_bytes);
    add("phyll_process_virtual_bytes", "Address space of the process", process.virtual_bytes);
    add("phyll_process_open_descriptors", "File descriptors that the process has open",
        process.open_descriptors);
    add("phyll_process_most_descriptors", "File descriptors that it may have open",
        process.most_descriptors);
    add("phyll_process_threads", "Threads of the process", process.threads);
    page.counter("phyll_process_processor_seconds_total",
                 "Processor time of the process, user and system")
        .add(process.processor_seconds);
}

void add_queries(Page& page, const Meters& meters) {
    const auto each = [&](Family family, const auto& figure) {
        for (const auto& [rig, meter] : meters.rigs()) {
            family.add(figure(*meter), {{"rig", utf8(rig)}});
        }
    };
    each(page.counter("phyll_rig_samples_total", "Samples that the rig has measured"),
         [](const RigMeter& meter) { return meter.totals().samples; });
    each(page.counter("phyll_rig_hardware_seconds_total",
                      "Time in which the rig was busy with queries, also with those that failed"),
         [](const RigMeter& meter) { return meter.totals().seconds; });
    each(page.histogram("phyll_rig_query_seconds", "What a query took that the rig answered"),
         [](const RigMeter& meter) { return meter.seconds().Collect(); });
}

void add_faults(Page& page, const Meters& meters, const Snapshot* snapshot) {
    Family family = page.counter("phyll_rig_faults_total",
                                 "Queries that failed by the rig, not refused and not stopped; a "
                                 "driver that was given up is one more");
    for (const auto& [rig, meter] : meters.rigs()) {
        std::uint64_t faults = meter->totals().faults;
        if (snapshot != nullptr) {
            const auto found = std::ranges::find(snapshot->rigs, rig, &RigFigures::name);
            faults += found != snapshot->rigs.end() && found->given_up ? 1 : 0;
        }
        family.add(faults, {{"rig", utf8(rig)}});
    }
}

void add_requests(Page& page, const RequestMeter& requests) {
    {
        Family family = page.counter("phyll_requests_total",
                                     "Requests of clients that are over, by how they ended");
        for (const auto& [key, count] : requests.counts()) {
            family.add(count, {{"method", key.first}, {"code", text(name_of(key.second))}});
        }
    }
    Family family =
        page.histogram("phyll_request_seconds", "From request to reply, of requests that were done "
                                                "and are answered once, without a stream");
    for (auto& [method, metric] : requests.seconds()) {
        family.add(metric, {{"method", method}});
    }
}

// ---- What the loop knows

void add_health(Page& page, const std::vector<RigFigures>& rigs) {
    using State = Health::State;
    constexpr std::array<std::pair<State, const char*>, 3> states{
        {{State::ready, "ready"}, {State::degraded, "degraded"}, {State::fault, "fault"}}};
    Family family =
        page.gauge("phyll_rig_health", "1 in the state that the rig is in by its own words");
    for (const RigFigures& rig : rigs) {
        for (const auto& [state, name] : states) {
            family.add(rig.status.health.state == state ? 1 : 0,
                       {{"rig", utf8(rig.name)}, {"state", name}});
        }
    }
}

void add_blocks(Page& page, const std::vector<RigFigures>& rigs) {
    using rig::BlockKind;
    constexpr std::array<std::pair<BlockKind, const char*>, 3> kinds{
        {{BlockKind::stopped, "stopped"},
         {BlockKind::not_safe, "not_safe"},
         {BlockKind::disabled, "disabled"}}};
    Family family = page.gauge("phyll_rig_blocked",
                               "1: nobody may drive the rig, since it was stopped, could not be "
                               "made safe, or is disabled");
    for (const RigFigures& rig : rigs) {
        for (const auto& [kind, name] : kinds) {
            const bool blocked =
                std::ranges::find(rig.blocks, kind, &rig::RigBlock::kind) != rig.blocks.end();
            family.add(blocked ? 1 : 0, {{"rig", utf8(rig.name)}, {"kind", name}});
        }
    }
}

void add_rigs(Page& page, const std::vector<RigFigures>& rigs) {
    const auto each = [&](Family family, const auto& figure) {
        for (const RigFigures& rig : rigs) {
            family.add(figure(rig), {{"rig", utf8(rig.name)}});
        }
    };
    add_health(page, rigs);
    each(page.gauge("phyll_rig_safe",
                    "1: known to be safe, with nothing driven; 0 also while it measures"),
         [](const RigFigures& rig) {
             return !rig.status.driven && rig.status.safe_state.state == SafeState::State::safe;
         });
    add_blocks(page, rigs);
    each(page.gauge("phyll_rig_given_up",
                    "1: the rig's driver did not return and was given up; restart phylld"),
         [](const RigFigures& rig) { return rig.given_up; });
    each(page.gauge("phyll_rig_held", "1: somebody holds a lease on the rig"),
         [](const RigFigures& rig) { return rig.held; });
    each(page.gauge("phyll_rig_age_samples", "Samples that the rig was ever asked for"),
         [](const RigFigures& rig) { return rig.status.age; });
    each(page.gauge("phyll_rig_era", "The era that the rig is in, counted from 1"),
         [](const RigFigures& rig) { return rig.era; });
    Family moved =
        page.gauge("phyll_rig_sentinel_deviation",
                   "By how much the rig's sentinels had moved when a run last looked, in "
                   "standard deviations of the response; missing until one does");
    for (const RigFigures& rig : rigs) {
        if (rig.sentinels_moved) {
            moved.add(*rig.sentinels_moved, {{"rig", utf8(rig.name)}});
        }
    }
}

void add_runs(Page& page, const runs::RunFigures& runs) {
    {
        Family states = page.gauge("phyll_runs", "Runs that are stored, by their state");
        for (int number = v1::RunState_MIN; number <= v1::RunState_MAX; ++number) {
            const auto state = static_cast<v1::RunState>(number);
            if (v1::RunState_IsValid(number) && state != v1::RUN_STATE_UNSPECIFIED) {
                const auto found = runs.states.find(state);
                states.add(found == runs.states.end() ? 0 : found->second,
                           {{"state", text(runs::name_of(state))}});
            }
        }
    }
    page.counter("phyll_runs_active_seconds_total", "Time in which runs were under way")
        .add(runs.spent.active);
    page.counter("phyll_runs_wait_seconds_total",
                 "Of that, time in which a run could only wait for a rig")
        .add(runs.spent.wait);
    page.counter("phyll_runs_digital_seconds_total", "Time of the arithmetic of runs")
        .add(runs.spent.digital);
    if (runs.under_way.active > 0) {
        page.gauge("phyll_runs_wait_ratio",
                   "Share of waiting in the time of the runs that are under way, since each began; "
                   "missing when none is")
            .add(runs.under_way.wait / runs.under_way.active);
    }
    page.gauge("phyll_runs_journal_bytes", "Journals of the runs that are not over, on the disk")
        .add(runs.journal_bytes);
    page.gauge("phyll_runs_largest_journal_bytes", "The largest of these")
        .add(runs.largest_journal);
    page.gauge("phyll_runs_journal_limit_bytes", "What each of these may have: journal_limit")
        .add(runs.journal_limit_bytes);
}

void add_snapshot(Page& page, const Snapshot& snapshot) {
    add_rigs(page, snapshot.rigs);
    add_runs(page, snapshot.runs);
    {
        Family leases = page.gauge("phyll_leases", "Leases that are held, and those in line");
        leases.add(snapshot.leases_held, {{"state", "held"}});
        leases.add(snapshot.leases_waiting, {{"state", "waiting"}});
    }
    page.gauge("phyll_clients", "Connections of clients with requests in flight")
        .add(snapshot.load.clients);
    page.gauge("phyll_requests_in_flight", "Requests that are not answered to their end")
        .add(snapshot.load.calls);
}

} // namespace

std::vector<MetricFamily> families(const Sources& sources) {
    Page page;
    add_daemon(page, sources);
    add_queries(page, sources.meters);
    add_faults(page, sources.meters, sources.snapshot);
    if (sources.snapshot != nullptr) {
        add_snapshot(page, *sources.snapshot);
    }
    add_requests(page, sources.meters.requests());
    add_process(page, sources.process);
    return page.take();
}

std::string as_text(const std::vector<MetricFamily>& families) {
    return prometheus::TextSerializer().Serialize(families);
}

} // namespace phyll::metrics
