// Runs that people hold up, let go on, end and have again, through phyllctl and through the wire.

#include "tests/integration/killed_runs.hpp"
#include "tests/integration/run_files.hpp"

#include "clients/cpp/client.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/rigs.pb.h>
#include <phyll/v1/runs.pb.h>

#include <algorithm>
#include <random>
#include <set>
#include <thread>

using namespace phyll;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::await;
using test::Daemon;
using test::endless_run;
using test::lines_of;
using test::restless_lab;
using test::show;

namespace {

/// Long enough to be paused several times: some seconds.
std::string long_run() {
    return test::interrupted_run("schedule = \"simultaneous\"\nbatch = 8\n");
}

std::string state(const Daemon& daemon, const std::string& run = "1") {
    return show(daemon, run)["state"];
}

void start(const Daemon& daemon, const std::string& text, const std::string& priority = "0") {
    REQUIRE(
        daemon
            .ctl({"run", "start", daemon.write("run.toml", text).string(), "--priority", priority})
            .status == 0);
}

json rig(const Daemon& daemon) {
    return lines_of(daemon.ctl({"--json", "rigs"}).out).at(0);
}

v1::RigReply acknowledge(Client& client) {
    v1::RigNoteRequest request;
    request.set_rig("cavity");
    request.set_note("looked");
    return client.call<v1::RigReply>("phyll.v1.Rigs/Acknowledge", request);
}

} // namespace

TEST_CASE("a run that is paused at random moments learns what it learns undisturbed") {
    const test::LearnedRun expected = test::undisturbed(long_run());
    Daemon daemon(restless_lab);
    test::start_run(daemon, long_run());
    std::mt19937 random(11);
    int paused = 0;
    for (int i = 0; i < 5; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
        const auto answer = daemon.ctl({"--json", "run", "pause", "1"});
        if (answer.status != 0) {
            REQUIRE_THAT(answer.out + answer.err, Contains("FAILED_PRECONDITION") &&
                                                      (Contains("queued") || Contains("is over")));
            continue;
        }
        ++paused;
        REQUIRE(json::parse(answer.out)["state"] == "paused");
        REQUIRE(rig(daemon)["safe"] == true);
        REQUIRE(rig(daemon)["holder"] == "run 1");
        if (i == 1) {
            daemon.kill();
            daemon.start();
            REQUIRE(state(daemon) == "paused");
            await([&] { return rig(daemon)["holder"] == "run 1"; });
        }
        if (i == 2) {
            static_cast<void>(daemon.stop());
            daemon.start();
        }
        REQUIRE(daemon.ctl({"run", "resume", "1"}).status == 0);
    }
    REQUIRE(paused > 0);
    REQUIRE(learned(daemon) == expected);
    REQUIRE(show(daemon)["interruptions"] == 0);
}

TEST_CASE("a paused run that released its rig lets the next one pass, and gets in line again") {
    Daemon daemon;
    start(daemon, endless_run);
    await([&] { return state(daemon) == "running"; });
    const auto paused = daemon.ctl({"run", "pause", "1", "--release"});
    REQUIRE(paused.status == 0);
    REQUIRE_THAT(paused.out, Contains("paused") && Contains("gave its rigs up"));
    REQUIRE_THAT(daemon.ctl({"run", "list"}).out, Contains("paused, released"));
    start(daemon, endless_run);
    await([&] { return state(daemon, "2") == "running"; });
    REQUIRE(daemon.ctl({"run", "resume", "1"}).status == 0);
    REQUIRE(state(daemon) == "queued");
    REQUIRE(daemon.ctl({"run", "cancel", "2"}).status == 0);
    await([&] { return state(daemon) == "running"; });
    REQUIRE(daemon.ctl({"run", "cancel", "1"}).status == 0);
    const auto late = daemon.ctl({"run", "pause", "1"});
    REQUIRE(late.status != 0);
    REQUIRE_THAT(late.err, Contains("run 1 is over: cancelled; there is nothing left to pause"));
}

TEST_CASE("priorities decide who is next, also when they change in line") {
    Daemon daemon;
    start(daemon, endless_run);
    start(daemon, endless_run);
    start(daemon, endless_run, "3");
    REQUIRE(daemon.ctl({"run", "priority", "2", "4"}).status == 0);
    REQUIRE(show(daemon, "2")["priority"] == 4);
    REQUIRE_THAT(daemon.ctl({"run", "list"}).out, Contains("PRIORITY"));
    REQUIRE_THAT(daemon.ctl({"run", "priority", "2", "1001"}).err,
                 Contains("priority: 1001; valid are -1000 to 1000"));
    await([&] { return state(daemon) == "running"; });
    REQUIRE(daemon.ctl({"run", "cancel", "1"}).status == 0);
    await([&] { return state(daemon, "2") == "running"; });
    REQUIRE(state(daemon, "3") == "queued");
    REQUIRE(daemon.ctl({"run", "priority", "1", "1"}).status != 0);
}

TEST_CASE("a run that is over is tried again, and says of which it is another try") {
    Daemon daemon;
    const std::string file = daemon.write("run.toml", test::interrupted_run("")).string();
    REQUIRE(daemon.ctl({"run", "start", file, "--set", "training.epochs=3", "--watch"}).status ==
            0);
    const auto again =
        daemon.ctl({"--json", "run", "retry", "1", "--note", "once more", "--watch"});
    REQUIRE(again.status == 0);
    const json run = show(daemon, "2");
    REQUIRE(run["retry_of"] == 1);
    REQUIRE(run["note"] == "once more");
    REQUIRE(run["overrides"] == json{"training.epochs=3"});
    REQUIRE(run["weights_sha256"] == show(daemon)["weights_sha256"]);
    REQUIRE_THAT(daemon.ctl({"run", "show", "2"}).out,
                 Contains("another try of") && Contains("run 1"));
}

TEST_CASE("the members of a group that run are held up, and go on, together") {
    Daemon daemon;
    const std::string file = daemon.write("run.toml", endless_run).string();
    REQUIRE(daemon.ctl({"run", "start", file, "--seeds", "1,2"}).status == 0);
    REQUIRE(daemon.ctl({"run", "resume", "g1"}).status != 0);
    await([&] { return show(daemon, "g1")["running"] == 1; });
    REQUIRE(daemon.ctl({"run", "pause", "g1"}).status == 0);
    REQUIRE(show(daemon, "g1")["state"] == "paused");
    REQUIRE(state(daemon, "1") == "paused");
    REQUIRE(state(daemon, "2") == "queued");
    REQUIRE_THAT(daemon.ctl({"run", "pause", "g1", "--release"}).err, Contains("--release"));
    REQUIRE(daemon.ctl({"run", "resume", "g1"}).status == 0);
    REQUIRE(state(daemon, "1") == "running");
    REQUIRE(daemon.ctl({"run", "cancel", "g1"}).status == 0);
}

TEST_CASE(
    "a run goes on after an emergency stop when its rig is acknowledged, and learns the same") {
    const test::LearnedRun expected = test::undisturbed(long_run());
    Daemon daemon(restless_lab);
    Client client(daemon.tcp());
    test::start_run(daemon, long_run());
    await([&] { return rig(daemon)["age"] > 100; });
    v1::StopRequest stop;
    stop.set_rig("cavity");
    stop.set_note("smoke");
    client.call<v1::StopReply>("phyll.v1.Rigs/Stop", stop);
    REQUIRE(rig(daemon)["safe"] == true);
    await([&] { return state(daemon) == "held"; });
    REQUIRE(show(daemon)["stopped"] == true);
    REQUIRE_THAT(show(daemon)["reason"].get<std::string>(), Contains("emergency stop"));
    daemon.kill();
    daemon.start();
    Client again(daemon.tcp());
    REQUIRE(state(daemon) == "held");
    static_cast<void>(acknowledge(again));
    REQUIRE(learned(daemon) == expected);
}

TEST_CASE("who watches, goes away and comes back misses nothing and hears nothing twice") {
    Daemon daemon(restless_lab);
    Client client(daemon.tcp());
    test::start_run(daemon, long_run());
    const std::jthread others([&] {
        for (int i = 0; i < 6; ++i) {
            static_cast<void>(daemon.ctl({"run", "pause", "1"}));
            static_cast<void>(daemon.ctl({"run", "resume", "1"}));
        }
    });
    std::mt19937 random(3);
    std::set<std::uint64_t> numbers;
    std::uint64_t last = 0;
    for (bool over = false; !over;) {
        std::size_t left = 1 + random() % 5; // items, before it goes away
        bool snapshot = false;
        v1::WatchRequest request;
        request.set_run(1);
        request.set_after_event(last);
        over = true;
        client.stream<v1::WatchItem>("phyll.v1.Runs/Watch", request,
                                     [&](const v1::WatchItem& item) {
                                         REQUIRE(item.has_snapshot() != snapshot);
                                         snapshot = true;
                                         if (item.has_event()) {
                                             REQUIRE(item.event().number() > last);
                                             last = item.event().number();
                                             numbers.insert(last);
                                         }
                                         over = --left > 0;
                                         return over;
                                     });
    }
    const auto all = lines_of(daemon.ctl({"--json", "run", "watch", "1"}).out);
    for (const json& event : all) {
        if (event.contains("number")) {
            REQUIRE(numbers.contains(event["number"].get<std::uint64_t>()));
        }
    }
    // After the end there is nothing more, and a number that is yet to come is none.
    v1::WatchRequest request;
    request.set_run(1);
    request.set_after_event(last);
    int items = 0;
    client.stream<v1::WatchItem>("phyll.v1.Runs/Watch", request, [&](const v1::WatchItem&) {
        ++items;
        return true;
    });
    REQUIRE(items == 1);
    request.set_after_event(last + 1'000'000);
    REQUIRE_THROWS_WITH(client.stream<v1::WatchItem>("phyll.v1.Runs/Watch", request,
                                                     [](const v1::WatchItem&) { return true; }),
                        Contains("after_event"));
    REQUIRE(daemon.ctl({"run", "remove", "1"}).status == 0);
    request.set_after_event(0);
    REQUIRE_THROWS_WITH(client.stream<v1::WatchItem>("phyll.v1.Runs/Watch", request,
                                                     [](const v1::WatchItem&) { return true; }),
                        Contains("there is no run 1"));
}
