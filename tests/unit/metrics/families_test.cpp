#include "daemon/metrics/families.hpp"
#include "tests/support/metrics_text.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using metrics::Snapshot;
using test::Metrics;

namespace {

/// A daemon's metrics with its loop's answer, or without.
Metrics page_of(const metrics::Meters& meters, const Snapshot* snapshot) {
    return test::read_metrics(
        metrics::as_text(metrics::families({.build = {"1.2.3", "x86-64-v3"},
                                            .uptime = Seconds(90),
                                            .process = metrics::process_figures(),
                                            .meters = meters,
                                            .snapshot = snapshot})));
}

Snapshot two_rigs() {
    metrics::RigFigures sound{.name = "sound", .era = 3, .sentinels_moved = 0.125};
    sound.status.age = 12;
    metrics::RigFigures broken{.name = "broken", .given_up = true, .held = true};
    broken.status.driven = true;
    broken.status.health = {.state = Health::State::fault, .reason = "the cable is out"};
    broken.blocks = {{.kind = rig::BlockKind::not_safe}};
    Snapshot snapshot{.rigs = {sound, broken}, .leases_held = 2, .leases_waiting = 5};
    snapshot.load = {.clients = 3, .calls = 7};
    return snapshot;
}

} // namespace

TEST_CASE("every metric has a name by the rules, and says what it is") {
    metrics::Meters meters;
    static_cast<void>(meters.add_rig("sound"));
    const rpc::Dispatcher dispatcher;
    meters.requests().note(dispatcher.find("phyll.v1.Lab/Rigs"), Code::ok, Seconds(1));
    const Snapshot snapshot = two_rigs();
    const Metrics page = page_of(meters, &snapshot);
    REQUIRE(page.families.size() > 30);
    for (const auto& [name, family] : page.families) {
        INFO(name);
        REQUIRE(name.starts_with("phyll_"));
        REQUIRE(name.ends_with("_total") == (family.type == "counter"));
        REQUIRE_FALSE(family.help.empty());
    }
}

TEST_CASE("a rig's metrics say how it is") {
    metrics::Meters meters;
    meters.add_rig("sound")->note({.samples = 4, .seconds = 0.5});
    meters.add_rig("broken")->note({.code = Code::unavailable, .seconds = 2.0});
    const Snapshot snapshot = two_rigs();
    const Metrics page = page_of(meters, &snapshot);
    REQUIRE(page["phyll_up"] == 1);
    REQUIRE(page["phyll_uptime_seconds"] == 90);
    REQUIRE(page[R"(phyll_build_info{version="1.2.3",kernels="x86-64-v3"})"] == 1);

    REQUIRE(page[R"(phyll_rig_samples_total{rig="sound"})"] == 4);
    REQUIRE(page[R"(phyll_rig_hardware_seconds_total{rig="sound"})"] == 0.5);
    REQUIRE(page[R"(phyll_rig_query_seconds_count{rig="sound"})"] == 1);
    REQUIRE(page[R"(phyll_rig_health{rig="sound",state="ready"})"] == 1);
    REQUIRE(page[R"(phyll_rig_health{rig="sound",state="fault"})"] == 0);
    REQUIRE(page[R"(phyll_rig_safe{rig="sound"})"] == 1);
    REQUIRE(page[R"(phyll_rig_blocked{rig="sound",kind="not_safe"})"] == 0);
    REQUIRE(page[R"(phyll_rig_given_up{rig="sound"})"] == 0);
    REQUIRE(page[R"(phyll_rig_held{rig="sound"})"] == 0);
    REQUIRE(page[R"(phyll_rig_age_samples{rig="sound"})"] == 12);
    REQUIRE(page[R"(phyll_rig_era{rig="sound"})"] == 3);
    REQUIRE(page[R"(phyll_rig_sentinel_deviation{rig="sound"})"] == 0.125);
    REQUIRE(page[R"(phyll_rig_faults_total{rig="sound"})"] == 0);

    REQUIRE(page[R"(phyll_rig_health{rig="broken",state="ready"})"] == 0);
    REQUIRE(page[R"(phyll_rig_health{rig="broken",state="fault"})"] == 1);
    REQUIRE(page[R"(phyll_rig_safe{rig="broken"})"] == 0);
    REQUIRE(page[R"(phyll_rig_blocked{rig="broken",kind="not_safe"})"] == 1);
    REQUIRE(page[R"(phyll_rig_blocked{rig="broken",kind="stopped"})"] == 0);
    REQUIRE(page[R"(phyll_rig_given_up{rig="broken"})"] == 1);
    REQUIRE(page[R"(phyll_rig_held{rig="broken"})"] == 1);
    REQUIRE_FALSE(page.has(R"(phyll_rig_sentinel_deviation{rig="broken"})"));
    // The query that failed, and the driver that never came back.
    REQUIRE(page[R"(phyll_rig_faults_total{rig="broken"})"] == 2);
}

TEST_CASE("runs are counted in every state, and their times and journals told") {
    Snapshot snapshot;
    snapshot.runs.states = {{v1::RUNNING, 2}, {v1::SUCCEEDED, 40}, {v1::RUN_CANCELLED, 1}};
    snapshot.runs.spent = {.active = 100.0, .wait = 25.0, .digital = 50.0};
    snapshot.runs.under_way = {.active = 8.0, .wait = 6.0};
    snapshot.runs.journal_bytes = 5000;
    snapshot.runs.largest_journal = 3000;
    snapshot.runs.journal_limit_bytes = 10000;
    const Metrics page = page_of(metrics::Meters(), &snapshot);
    REQUIRE(page[R"(phyll_runs{state="running"})"] == 2);
    REQUIRE(page[R"(phyll_runs{state="succeeded"})"] == 40);
    REQUIRE(page[R"(phyll_runs{state="cancelled"})"] == 1);
    for (const char* state : {"queued", "paused", "held", "failed"}) {
        REQUIRE(page["phyll_runs{state=\"" + std::string(state) + "\"}"] == 0);
    }
    REQUIRE(page.sum("phyll_runs{") == 43);
    REQUIRE(page["phyll_runs_active_seconds_total"] == 100);
    REQUIRE(page["phyll_runs_wait_seconds_total"] == 25);
    REQUIRE(page["phyll_runs_digital_seconds_total"] == 50);
    REQUIRE(page["phyll_runs_wait_ratio"] == 0.75);
    REQUIRE(page["phyll_runs_journal_bytes"] == 5000);
    REQUIRE(page["phyll_runs_largest_journal_bytes"] == 3000);
    REQUIRE(page["phyll_runs_journal_limit_bytes"] == 10000);
    snapshot.runs.under_way = {};
    REQUIRE_FALSE(page_of(metrics::Meters(), &snapshot).has("phyll_runs_wait_ratio"));
}

TEST_CASE("leases, clients and their requests are counted") {
    const Snapshot snapshot = two_rigs();
    const Metrics page = page_of(metrics::Meters(), &snapshot);
    REQUIRE(page[R"(phyll_leases{state="held"})"] == 2);
    REQUIRE(page[R"(phyll_leases{state="waiting"})"] == 5);
    REQUIRE(page["phyll_clients"] == 3);
    REQUIRE(page["phyll_requests_in_flight"] == 7);
}

TEST_CASE("without the loop there is what needs none, and phyll_up says so") {
    metrics::Meters meters;
    meters.add_rig("sound")->note({.samples = 4, .seconds = 0.5});
    const Metrics page = page_of(meters, nullptr);
    REQUIRE(page["phyll_up"] == 0);
    REQUIRE(page[R"(phyll_rig_samples_total{rig="sound"})"] == 4);
    REQUIRE(page["phyll_process_resident_bytes"] > 1e6);
    REQUIRE_FALSE(page.has(R"(phyll_rig_safe{rig="sound"})"));
    REQUIRE_FALSE(page.families.contains("phyll_runs"));
}

TEST_CASE("the process knows what it takes") {
    const metrics::ProcessFigures figures = metrics::process_figures();
    REQUIRE(figures.resident_bytes.value() > 1U << 20U);
    REQUIRE(figures.virtual_bytes.value() >= figures.resident_bytes.value());
    REQUIRE(figures.open_descriptors.value() >= 3);
    REQUIRE(figures.open_descriptors.value() <= figures.most_descriptors.value());
    REQUIRE(figures.threads.value() >= 1);
    REQUIRE(figures.processor_seconds > 0.0);
    std::FILE* more = std::fopen("/dev/null", "r");
    const metrics::ProcessFigures then = metrics::process_figures();
    std::fclose(more);
    REQUIRE(then.open_descriptors.value() == figures.open_descriptors.value() + 1);
}
