#include "tests/integration/run_files.hpp"
#include "tests/support/process.hpp"

#include "clients/cpp/client.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/lab.pb.h>
#include <phyll/v1/runs.pb.h>

using namespace phyll;
using test::Daemon;
using test::endless_run;

namespace {

std::uint64_t submit(Client& client, const std::string& text, const std::string& key = "") {
    v1::SubmitRequest request;
    request.mutable_file()->set_name("run.toml");
    request.mutable_file()->set_text(text);
    request.set_idempotency_key(key);
    return client.call<v1::SubmitReply>("phyll.v1.Runs/Submit", request).run();
}

v1::RunRequest which(std::uint64_t run) {
    v1::RunRequest request;
    request.set_run(run);
    return request;
}

v1::RunInfo get(Client& client, std::uint64_t run) {
    return client.call<v1::RunReply>("phyll.v1.Runs/Get", which(run)).info();
}

/// Watches until `enough` says so.
void watch(Client& client, std::uint64_t run,
           const std::function<bool(const v1::WatchItem&)>& enough) {
    v1::WatchRequest request;
    request.set_run(run);
    client.stream<v1::WatchItem>("phyll.v1.Runs/Watch", request,
                                 [&](const v1::WatchItem& item) { return !enough(item); });
}

void await_state(Client& client, std::uint64_t run, v1::RunState state) {
    watch(client, run, [&](const v1::WatchItem& item) {
        return item.event().state().state() == state || item.snapshot().state() == state;
    });
}

void await_epoch(Client& client, std::uint64_t run) {
    watch(client, run, [](const v1::WatchItem& item) { return item.event().has_epoch(); });
}

v1::RigInfo cavity(Client& client) {
    return client.call<v1::RigsReply>("phyll.v1.Lab/Rigs", v1::RigsRequest()).rigs(0);
}

} // namespace

TEST_CASE("a run on a busy rig waits its turn, and each cancelled run leaves the rig safe") {
    Daemon daemon;
    Client client(daemon.tcp());
    const std::uint64_t first = submit(client, endless_run);
    await_epoch(client, first);
    const std::uint64_t second = submit(client, endless_run);
    const std::uint64_t third = submit(client, endless_run);
    REQUIRE(get(client, second).state() == v1::QUEUED);
    REQUIRE(get(client, second).reason() == "waits for cavity, held by run 1");
    REQUIRE(cavity(client).holder() == "run 1");

    client.call<v1::RunReply>("phyll.v1.Runs/Cancel", which(third)); // never started
    REQUIRE(get(client, third).state() == v1::RUN_CANCELLED);
    client.call<v1::RunReply>("phyll.v1.Runs/Cancel", which(first));
    await_state(client, first, v1::RUN_CANCELLED);
    REQUIRE(get(client, first).finished() > 0);
    await_epoch(client, second);
    REQUIRE(cavity(client).holder() == "run 2");
    client.call<v1::RunReply>("phyll.v1.Runs/Cancel", which(second));
    await_state(client, second, v1::RUN_CANCELLED);
    REQUIRE(cavity(client).safe());
    try {
        client.call<v1::RunReply>("phyll.v1.Runs/Cancel", which(second));
        FAIL("it is over");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::failed_precondition);
        REQUIRE(std::string(error.what()) ==
                "run 2 is over: cancelled; there is nothing left to cancel");
    }
}

TEST_CASE("phyllctl run cancel returns when the rig is safe") {
    Daemon daemon;
    Client client(daemon.tcp());
    const std::uint64_t run = submit(client, endless_run);
    await_epoch(client, run);
    const auto finished = daemon.ctl({"run", "cancel", std::to_string(run)});
    REQUIRE(finished.status == 0);
    REQUIRE(finished.out.find("cancelled") != std::string::npos);
    REQUIRE(cavity(client).safe());
}

TEST_CASE("the same submission twice starts one run") {
    Daemon daemon;
    Client client(daemon.tcp());
    const std::uint64_t run = submit(client, endless_run, "once");
    REQUIRE(submit(client, endless_run, "once") == run);
    REQUIRE(
        client.call<v1::ListRunsReply>("phyll.v1.Runs/List", v1::ListRunsRequest()).runs_size() ==
        1);
}

TEST_CASE(
    "a run whose rig fails for too long ends with the rig's own words, and the next one runs") {
    Daemon daemon(R"(
hold_limit = 0
[[rigs]]
name = "cavity"
kind = "acoustic"
simulation = { faults = [{ kind = "fail", at_query = 1 }] }
)");
    Client client(daemon.tcp());
    const std::uint64_t run = submit(client, endless_run);
    await_state(client, run, v1::FAILED);
    REQUIRE_FALSE(get(client, run).reason().empty());
    REQUIRE(cavity(client).safe());
    const std::uint64_t next = submit(client, endless_run);
    await_epoch(client, next);
}

TEST_CASE("a watcher sees a snapshot, then every event once and in order") {
    Daemon daemon;
    Client client(daemon.tcp());
    const std::uint64_t run = submit(client, endless_run);
    std::uint64_t last = 0;
    int epochs = 0;
    bool snapshot = false;
    watch(client, run, [&](const v1::WatchItem& item) {
        if (item.has_snapshot()) {
            REQUIRE_FALSE(snapshot);
            REQUIRE(last == 0);
            snapshot = true;
        }
        if (item.has_event()) {
            REQUIRE(snapshot);
            REQUIRE(item.event().number() > last);
            last = item.event().number();
            epochs += item.event().has_epoch() ? 1 : 0;
        }
        return epochs == 20;
    });
    // Going on from a number repeats nothing before it.
    v1::WatchRequest request;
    request.set_run(run);
    request.set_after_event(last);
    client.stream<v1::WatchItem>("phyll.v1.Runs/Watch", request, [&](const v1::WatchItem& item) {
        if (!item.has_event()) {
            return true;
        }
        REQUIRE(item.event().number() == last + 1);
        return false;
    });
}
