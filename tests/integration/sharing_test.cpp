// One rig, several people: leases, what is left of who goes away, stops, tag-out.

#include "tests/support/await.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_peer.hpp"
#include "tests/support/tcp_proxy.hpp"

#include "clients/cpp/client.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <phyll/v1/leases.pb.h>
#include <phyll/v1/rigs.pb.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

using namespace phyll;
using nlohmann::json;
using test::await;
using test::Daemon;
using test::Finished;
using test::Process;

namespace {

/// Its first query ends only when it is aborted.
constexpr const char* hanging_rig = R"(
[[rigs]]
name = "box"
kind = "echo"
[rigs.simulation]
faults = [{ kind = "hang", at_query = 0 }]
)";

v1::RigInfo rig_of(const Daemon& daemon, const std::string& name) {
    Client client(daemon.ipc());
    v1::RigRequest request;
    request.set_rig(name);
    return client.call<v1::RigReply>("phyll.v1.Rigs/Get", request).rig();
}

std::string rows(const std::string& row, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
        text += row + "\n";
    }
    return text;
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string half_drives() {
    return "0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5";
}

/// By the socket of admins.
Finished as_admin(const Daemon& daemon, std::vector<std::string> arguments) {
    std::vector<std::string> command{daemon.ctl_command({}).front(), "--endpoint", daemon.ipc()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return test::run_command(command);
}

std::vector<json> leases(const Daemon& daemon) {
    std::vector<json> out;
    const Finished listed = daemon.ctl({"--json", "lease", "list"});
    REQUIRE(listed.status == 0);
    std::size_t from = 0;
    while (from < listed.out.size()) {
        const std::size_t end = listed.out.find('\n', from);
        out.push_back(json::parse(listed.out.substr(from, end - from)));
        from = end + 1;
    }
    return out;
}

std::string take(const Daemon& daemon, std::vector<std::string> arguments) {
    std::vector<std::string> command{"--json", "lease", "take"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const Finished taken = daemon.ctl(command);
    INFO(taken.out << taken.err);
    REQUIRE(taken.status == 0);
    return json::parse(taken.out)["token"];
}

} // namespace

TEST_CASE("a rig that is leased is refused to others and serves who has the token") {
    Daemon daemon;
    const auto file = daemon.write("x.csv", rows(half_drives(), 3));
    const std::vector<std::string> query{"query", "echo", "--in", file.string()};
    const std::string token = take(daemon, {"echo", "cavity", "--for", "10min", "--note", "scan"});
    const Finished refused = daemon.ctl(query);
    REQUIRE(refused.status == 6);
    REQUIRE(refused.err.find("echo is held by") != std::string::npos);
    std::vector<std::string> with_lease{"--lease", token};
    with_lease.insert(with_lease.end(), query.begin(), query.end());
    REQUIRE(daemon.ctl(with_lease).status == 0);
    // The rig stays with its holder between queries.
    REQUIRE(daemon.ctl(query).status == 6);
    const std::vector<json> held = leases(daemon);
    REQUIRE(held.size() == 1);
    REQUIRE(held[0]["rigs"] == json({"cavity", "echo"}));
    REQUIRE(held[0]["note"] == "scan");
    REQUIRE(held[0]["time_to_live"] == 600.0);
    REQUIRE(daemon.ctl({"lease", "renew", token}).status == 0);
    REQUIRE(daemon.ctl({"lease", "release", token}).status == 0);
    REQUIRE(daemon.ctl(query).status == 0);
    const Finished late = daemon.ctl(with_lease);
    REQUIRE(late.status == 7);
    REQUIRE(late.err.find("its holder released it") != std::string::npos);
}

TEST_CASE("what cannot be leased, and tokens that are none, are refused by name") {
    Daemon daemon;
    const auto expect = [&](std::vector<std::string> command, int status, const char* word) {
        const Finished refused = daemon.ctl(std::move(command));
        INFO(refused.err);
        REQUIRE(refused.status == status);
        REQUIRE(refused.err.find(word) != std::string::npos);
    };
    expect({"lease", "take", "cavty"}, 3, "no rig is named 'cavty'; there are: cavity");
    expect({"lease", "take", "cavity", "--for", "30h"}, 2, "valid is 0.1 to 86400 s");
    expect({"lease", "renew", "xyz"}, 2, "32 hexadecimal digits");
    expect({"lease", "renew", std::string(32, '0')}, 3, "no lease has this token");
    expect({"lease", "break", "cavity"}, 6, "needs ROLE_ADMIN");
    const Finished unheld = as_admin(daemon, {"lease", "break", "cavity"});
    REQUIRE(unheld.status == 6);
    REQUIRE(unheld.err.find("nobody holds cavity") != std::string::npos);
    expect({"lease", "run", "cavity"}, 2, "what is to run");
    expect({"rig", "enable", "cavity"}, 6, "not disabled");
    expect({"rig", "acknowledge", "cavity"}, 6, "nothing to acknowledge");
    expect({"stop"}, 2, "name a rig");
}

TEST_CASE("a lease that is broken ends the command that it was taken for") {
    Daemon daemon;
    const auto script = daemon.write("held.sh", "echo $PHYLL_LEASE\nexec sleep 1000\n");
    Process holder(
        daemon.ctl_command({"lease", "run", "cavity", "--for", "1s", "--", "sh", script.string()}),
        daemon.folder() / "holder.log");
    REQUIRE(holder.read_line().size() == 32);
    REQUIRE(leases(daemon).at(0)["rigs"] == json({"cavity"}));
    const Finished broken = as_admin(daemon, {"lease", "break", "cavity", "--note", "needed"});
    INFO(broken.err);
    REQUIRE(broken.status == 0);
    REQUIRE(holder.wait() == 128 + SIGTERM);
    REQUIRE(text_of(daemon.folder() / "holder.log").find("broken by") != std::string::npos);
    REQUIRE(daemon.log().find("broke the lease of") != std::string::npos);
}

TEST_CASE("lease run ends as its command did, and leaves the rig to others") {
    Daemon daemon;
    const Finished done =
        daemon.ctl({"lease", "run", "cavity", "echo", "--", "sh", "-c", "exit 3"});
    REQUIRE(done.status == 3);
    REQUIRE(leases(daemon).empty());
    REQUIRE(daemon.ctl({"lease", "run", "cavity", "--", "no-such-program"}).status == 127);
}

TEST_CASE("a client that goes away in mid-stream leaves a safe rig to the next in line") {
    const bool slow = GENERATE(false, true);
    struct Way {
        const char* name;
        std::function<void(Process&, test::TcpProxy&)> goes;
    };
    const Way way = GENERATE_REF(
        values<Way>({{"killed", [](Process& client, test::TcpProxy&) { client.signal(SIGKILL); }},
                     {"stopped", [](Process& client, test::TcpProxy&) { client.signal(SIGSTOP); }},
                     {"cut off", [](Process&, test::TcpProxy& network) { network.cut(); }}}));
    INFO(way.name << (slow ? ", while its query is under way" : ""));
    // A query of the hanging rig is under way until it is aborted; the slow one measures on and on.
    Daemon daemon(slow ? hanging_rig : R"(
[[rigs]]
name = "box"
kind = "echo"
[rigs.simulation]
latency = true
)");
    test::TcpProxy network(daemon.tcp());
    const auto file = daemon.write("x.csv", rows(half_drives(), 200'000));
    Process client({daemon.ctl_command({}).front(), "--endpoint", network.endpoint(), "stream",
                    "box", "--in", file.string(), "--out", (daemon.folder() / "y.csv").string()},
                   daemon.folder() / "client.log");
    await([&] { return !rig_of(daemon, "box").safe(); });
    Process next(daemon.ctl_command({"--json", "lease", "take", "box", "--wait", "--for", "1min"}),
                 daemon.folder() / "next.log");
    way.goes(client, network);
    const json taken = json::parse(next.read_line());
    REQUIRE(taken["event"] == "leased");
    REQUIRE(rig_of(daemon, "box").safe());
    REQUIRE(daemon.log().find("was not renewed within its 2 s") != std::string::npos);
    client.signal(SIGKILL);
}

TEST_CASE("a client that hangs loses its lease and its stream, and is told so") {
    Daemon daemon(hanging_rig);
    Client control(daemon.tcp());
    v1::TakeLeaseRequest wanted;
    wanted.add_rigs("box");
    wanted.set_time_to_live(2);
    const auto lease = control.call<v1::TakeLeaseReply>("phyll.v1.Leases/Take", wanted);
    test::RawPeer data(daemon.tcp());
    v1::Header header = test::RawPeer::request("phyll.v1.Rigs/Stream", 1);
    header.set_lease(lease.token());
    v1::StreamRequest opening;
    opening.mutable_opening()->set_rig("box");
    data.send({header.SerializeAsString(), opening.SerializeAsString()});
    REQUIRE(data.receive().header.credit() == 16);
    v1::Header item;
    item.set_kind(v1::ITEM);
    item.set_id(1);
    item.set_version(1);
    v1::StreamRequest block;
    block.mutable_block()->mutable_stimuli()->set_channels(16);
    block.mutable_block()->mutable_stimuli()->set_samples(1);
    data.send({item.SerializeAsString(), block.SerializeAsString(), std::string(64, '\0')});
    // It does nothing from here on.
    const test::Answer answer = data.receive();
    REQUIRE(answer.header.kind() == v1::END);
    REQUIRE(answer.code() == v1::ABORTED);
    REQUIRE(answer.message().find("was not renewed within its 2 s") != std::string::npos);
    await([&] { return rig_of(daemon, "box").safe(); });
}

TEST_CASE(
    "an emergency stop reaches whoever drives, holds through a restart, and is acknowledged") {
    Daemon daemon(hanging_rig);
    const auto file = daemon.write("x.csv", half_drives() + "\n");
    Process query(daemon.ctl_command({"query", "box", "--in", file.string()}),
                  daemon.folder() / "query.log");
    await([&] { return !rig_of(daemon, "box").safe(); });
    const Finished stopped = daemon.ctl({"--json", "stop", "--all", "--note", "smoke"});
    REQUIRE(stopped.status == 0);
    const json line = json::parse(stopped.out);
    REQUIRE(line["safe"] == true);
    REQUIRE(line["blocks"][0]["kind"] == "stopped");
    REQUIRE(line["blocks"][0]["note"] == "smoke");
    REQUIRE(query.wait() == 7);
    REQUIRE_THAT(text_of(daemon.folder() / "query.log"), Catch::Contains("box is stopped by"));
    daemon.kill();
    daemon.start();
    const Finished refused = daemon.ctl({"query", "box", "--in", file.string()});
    REQUIRE(refused.status == 6);
    REQUIRE(refused.err.find("smoke") != std::string::npos);
    REQUIRE(daemon.ctl({"rigs"}).out.find("stopped by") != std::string::npos);
    REQUIRE(daemon.ctl({"rig", "acknowledge", "box", "--note", "toast"}).status == 0);
    REQUIRE(rig_of(daemon, "box").blocks().empty());
    daemon.kill();
    daemon.start();
    REQUIRE(rig_of(daemon, "box").blocks().empty());
}

TEST_CASE("a rig that is tagged out is driven by nobody until it is enabled, also by who waits") {
    Daemon daemon;
    const auto file = daemon.write("x.csv", half_drives() + "\n");
    REQUIRE(daemon.ctl({"rig", "disable", "echo", "--note", "fibre open"}).status == 0);
    const Finished refused = daemon.ctl({"query", "echo", "--in", file.string()});
    REQUIRE(refused.status == 6);
    REQUIRE(refused.err.find("disabled by") != std::string::npos);
    REQUIRE(refused.err.find("fibre open") != std::string::npos);
    daemon.kill();
    daemon.start();
    Process waiting(daemon.ctl_command({"query", "echo", "--in", file.string(), "--wait"}),
                    daemon.folder() / "waiting.log");
    await([&] { return !leases(daemon).empty(); });
    REQUIRE(leases(daemon)[0]["waiting"] == true);
    REQUIRE(daemon.ctl({"rig", "enable", "echo"}).status == 0);
    REQUIRE(waiting.wait() == 0);
}

TEST_CASE("a stream gives what queries give, sample for sample, from and to any kind of file") {
    Daemon daemon;
    std::string text;
    for (int i = 0; i < 500; ++i) {
        text += std::to_string(i / 500.0) + rows(",0.25", 1).substr(0, 5) +
                ",0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,1\n";
    }
    const auto file = daemon.write("x.csv", text);
    const auto path = [&](const char* name) { return (daemon.folder() / name).string(); };
    REQUIRE(daemon.ctl({"query", "echo", "--in", file.string(), "--out", path("q.csv")}).status ==
            0);
    const Finished streamed = daemon.ctl({"--json", "stream", "echo", "--in", file.string(),
                                          "--out", path("s.csv"), "--block", "7"});
    INFO(streamed.err);
    REQUIRE(streamed.status == 0);
    const json last = json::parse(streamed.out.substr(streamed.out.rfind("{\"blocks\"")));
    REQUIRE(last["samples"] == 500);
    REQUIRE(last["blocks"] == 72);
    REQUIRE(last["invalid"] == 0);
    REQUIRE(text_of(path("s.csv")) == text_of(path("q.csv")));
    REQUIRE(daemon.ctl({"stream", "echo", "--in", file.string(), "--out", path("s.npy")}).status ==
            0);
    const Finished again =
        daemon.ctl({"stream", "echo", "--in", path("s.npy"), "--out", path("t.csv")});
    INFO(again.err);
    REQUIRE(again.status == 0);
    REQUIRE(text_of(path("t.csv")) == text_of(path("q.csv")));
}

TEST_CASE("a block of a stream that is not allowed ends it, or is marked, as a whole") {
    Daemon daemon;
    std::string text = rows(half_drives(), 4);
    text += "1.5" + half_drives().substr(3) + "\n" + rows(half_drives(), 5);
    const auto file = daemon.write("x.csv", text);
    const auto path = [&](const char* name) { return (daemon.folder() / name).string(); };
    const Finished ended = daemon.ctl(
        {"stream", "echo", "--in", file.string(), "--out", path("a.csv"), "--block", "2"});
    REQUIRE(ended.status == 2);
    REQUIRE(ended.err.find("after 4 samples: block 2: ") != std::string::npos);
    REQUIRE(ended.err.find("1.5") != std::string::npos);
    const std::string kept = text_of(path("a.csv"));
    REQUIRE(std::ranges::count(kept, '\n') == 5);
    const Finished marked = daemon.ctl({"stream", "echo", "--in", file.string(), "--out",
                                        path("b.csv"), "--block", "2", "--on-error", "mark"});
    REQUIRE(marked.status == 0);
    REQUIRE(marked.err.find("samples 4 to 5 are not valid: block 2: ") != std::string::npos);
    const std::string all = text_of(path("b.csv"));
    REQUIRE(std::ranges::count(all, '\n') == 11);
    REQUIRE(all.find("nan") != std::string::npos);
    REQUIRE(rig_of(daemon, "echo").age() == 4 + 8);
    const Finished cannot = daemon.ctl({"stream", "echo", "--in", file.string(), "--follow"});
    REQUIRE(cannot.status == 2);
    REQUIRE(cannot.err.find("follow") != std::string::npos);
}

TEST_CASE("a recorded stream is what the client received, sample for sample") {
    Daemon daemon(R"(
[[rigs]]
name = "cavity"
kind = "acoustic"
simulation = { seed = 3, noise = 0.01 }
)");
    std::string text;
    for (int i = 0; i < 200; ++i) {
        for (int k = 0; k < 20; ++k) {
            text += std::to_string((i * 37 + k * 11) % 100 / 100.0) + (k < 19 ? "," : "\n");
        }
    }
    const auto file = daemon.write("x.csv", text);
    const auto path = [&](const char* name) { return (daemon.folder() / name).string(); };
    const Finished streamed =
        daemon.ctl({"stream", "cavity", "--in", file.string(), "--out", path("y.npy"), "--record",
                    "--name", "scan", "--block", "16", "--number", "5"});
    INFO(streamed.err);
    REQUIRE(streamed.status == 0);
    REQUIRE(streamed.err.find("recorded as run 1") != std::string::npos);
    const json run = json::parse(daemon.ctl({"--json", "run", "show", "1"}).out);
    REQUIRE(run["kind"] == "recording");
    REQUIRE(run["name"] == "scan");
    REQUIRE(run["state"] == "succeeded");
    const Finished exported = daemon.ctl({"run", "export", "1", "--numpy", "-o", path("run.npz")});
    INFO(exported.err);
    REQUIRE(exported.status == 0);
    REQUIRE(daemon.ctl({"run", "export", "1", "--measurements", "-o", path("run.h5")}).status == 0);
    const Finished compared = test::run_command(
        {"/usr/bin/python3", "-c",
         "import sys, numpy as n, h5py\n"
         "y = n.load(sys.argv[1]); z = n.load(sys.argv[2]); h = h5py.File(sys.argv[3])\n"
         "assert y.shape == (200, 20) and y.dtype == n.float32, y.shape\n"
         "assert (z['responses'] == y).all()\n"
         "assert (h['cavity/response'][:] == y).all()\n"
         "assert (z['number'] == n.arange(5, 205)).all()\n"
         "assert (z['end'] >= z['begin']).all() and (n.diff(z['begin']) >= 0).all()\n"
         "assert z['stimuli'].shape == (200, 20) and (z['purpose'] == 4).all()\n",
         path("y.npy"), path("run.npz"), path("run.h5")});
    INFO(compared.err);
    REQUIRE(compared.status == 0);
    for (const char* refused : {"cancel", "retry", "pause"}) {
        REQUIRE(daemon.ctl({"run", refused, "1"}).status == 6);
    }
}

TEST_CASE("a recorded stream whose client is killed keeps what it had, and says why it ended") {
    Daemon daemon(R"(
[[rigs]]
name = "box"
kind = "echo"
[rigs.simulation]
latency = true
)");
    const auto file = daemon.write("x.csv", rows(half_drives(), 200'000));
    Process client(daemon.ctl_command({"stream", "box", "--in", file.string(), "--out",
                                       (daemon.folder() / "y.csv").string(), "--record"}),
                   daemon.folder() / "client.log");
    await([&] { return rig_of(daemon, "box").age() > 200; });
    client.signal(SIGKILL);
    json run;
    await([&] {
        run = json::parse(daemon.ctl({"--json", "run", "show", "1"}).out);
        return run["state"] == "failed";
    });
    // Whichever is noticed first: that its lease was not renewed, or that nobody takes its results.
    const std::string reason = run["reason"];
    INFO(reason);
    REQUIRE((reason.find("was not renewed") != std::string::npos ||
             reason.find("its client") != std::string::npos));
    REQUIRE(
        daemon.ctl({"run", "export", "1", "--numpy", "-o", (daemon.folder() / "run.npz").string()})
            .status == 0);
}

TEST_CASE("lines come back as they go in, one by one, also before there is a second one") {
    Daemon daemon;
    const auto script =
        daemon.write("closed_loop.py", "import subprocess, sys\n"
                                       "p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, "
                                       "stdout=subprocess.PIPE, text=True)\n"
                                       "row = ','.join(['0.5'] * 16)\n"
                                       "p.stdin.write(row + '\\n'); p.stdin.flush()\n"
                                       "assert p.stdout.readline().startswith('out'), 'header'\n"
                                       "for _ in range(3):\n"
                                       "    assert p.stdout.readline().strip() == row\n"
                                       "    p.stdin.write(row + '\\n'); p.stdin.flush()\n"
                                       "p.stdin.close()\n"
                                       "sys.exit(p.wait())\n");
    std::vector<std::string> command{"/usr/bin/python3", script.string()};
    for (const std::string& word :
         daemon.ctl_command({"stream", "echo", "--in", "-", "--block", "1"})) {
        command.push_back(word);
    }
    const Finished looped = test::run_command(command);
    INFO(looped.err);
    REQUIRE(looped.status == 0);
}

TEST_CASE("a malformed lease in the environment stops nobody from stopping") {
    Daemon daemon;
    std::vector<std::string> command{"/usr/bin/env", "PHYLL_LEASE=TOKEN"};
    for (const std::string& word : daemon.ctl_command({"stop", "--all"})) {
        command.push_back(word);
    }
    REQUIRE(test::run_command(command).status == 0);
}

TEST_CASE("a stream that is recorded and marks errors keeps its results in order") {
    Daemon daemon;
    std::string text;
    for (int i = 0; i < 60; ++i) {
        text += (i % 3 == 1 ? "1.5" : std::to_string(i / 100.0)) + half_drives().substr(3) + "\n";
    }
    const auto file = daemon.write("x.csv", text);
    const auto out = daemon.folder() / "y.csv";
    REQUIRE(daemon
                .ctl({"stream", "echo", "--in", file.string(), "--out", out.string(), "--block",
                      "1", "--on-error", "mark", "--record"})
                .status == 0);
    std::istringstream lines(text_of(out));
    std::string line;
    std::getline(lines, line);
    for (int i = 0; i < 60; ++i) {
        REQUIRE(std::getline(lines, line));
        INFO("sample " << i << ": " << line);
        if (i % 3 == 1) {
            REQUIRE(line.starts_with("nan"));
        } else {
            REQUIRE(std::stof(line) == static_cast<float>(i / 100.0));
        }
    }
}
