// What the owner of a key may take, and where a daemon listens without keys.

#include "keyed_peers.hpp"

#include "tests/support/await.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/data.pb.h>
#include <phyll/v1/lab.pb.h>
#include <phyll/v1/leases.pb.h>
#include <phyll/v1/rigs.pb.h>

#include <fstream>
#include <memory>
#include <string>

using namespace phyll;
using Catch::Matchers::Contains;
using test::Answer;
using test::Daemon;
using test::Keyed;
using test::lease_on;
using test::RawPeer;
using test::reply_of;
using test::wait_for;
using test::with_token;

TEST_CASE("the connections of one key share its limits, and those of others have theirs") {
    Daemon daemon(test::lab_with_keys + "[limits]\nrequests = 5\nconnections = 2\n");
    Keyed op(daemon, "otto", v1::ROLE_OPERATOR);
    Keyed other(daemon, "olga", v1::ROLE_OPERATOR);
    REQUIRE(other.peer.ask("phyll.v1.Leases/Take", lease_on("echo")).code() == v1::OK);
    RawPeer second(daemon.tcp(), test::showing(daemon.server_key(), op.key));
    RawPeer third(daemon.tcp(), test::showing(daemon.server_key(), op.key));
    for (std::uint64_t id = 1; id <= 3; ++id) {
        wait_for(op.peer, "echo", id);
    }
    op.peer.expect_service(); // the fourth, which is over
    wait_for(second, "echo", 1);
    second.expect_service(); // the fifth
    const Answer connections = third.ask("phyll.v1.Lab/Describe", v1::DescribeRequest());
    REQUIRE(connections.code() == v1::RESOURCE_EXHAUSTED);
    REQUIRE_THAT(connections.message(), Contains("2 connections of otto"));
    wait_for(second, "echo", 2);
    const Answer requests = second.ask("phyll.v1.Lab/Describe", v1::DescribeRequest());
    REQUIRE(requests.code() == v1::RESOURCE_EXHAUSTED);
    REQUIRE_THAT(requests.message(), Contains("5 requests"));
    other.peer.expect_service();
    // What ends is free for the next.
    v1::Header cancel;
    cancel.set_kind(v1::CANCEL);
    cancel.set_version(1);
    for (std::uint64_t id = 1; id <= 3; ++id) {
        cancel.set_id(id);
        op.peer.send({cancel.SerializeAsString()});
        REQUIRE(op.peer.receive().code() == v1::CANCELLED);
    }
    third.expect_service();
}

TEST_CASE("a client uploads no more than the lab keeps of each") {
    Daemon daemon(test::lab_with_keys + "[limits]\ndata = 0.000001\n"); // 1000 bytes
    Keyed op(daemon, "otto", v1::ROLE_OPERATOR);
    const auto begin = [](RawPeer& peer, char hash, std::uint64_t size) {
        v1::PutDataRequest request;
        request.set_sha256(std::string(32, hash));
        request.set_size(size);
        request.set_name("x.csv");
        peer.send({RawPeer::request("phyll.v1.Data/Put", static_cast<std::uint64_t>(hash))
                       .SerializeAsString(),
                   request.SerializeAsString(), "abc"});
        return peer.receive();
    };
    REQUIRE(begin(op.peer, 'a', 600).code() == v1::OK);
    const Answer refused = begin(op.peer, 'b', 500);
    REQUIRE(refused.code() == v1::RESOURCE_EXHAUSTED);
    REQUIRE_THAT(refused.message(), Contains("limits.data"));
    REQUIRE(begin(op.peer, 'c', 400).code() == v1::OK);
    Keyed other(daemon, "olga", v1::ROLE_OPERATOR);
    REQUIRE(begin(other.peer, 'd', 1000).code() == v1::OK);
}

TEST_CASE("an address that others can reach is refused without keys, before anything is served") {
    const auto check = [](const std::string& settings) {
        const test::TempDir folder;
        const auto file = folder.path() / "lab.toml";
        std::ofstream(file) << settings << Daemon::small_lab;
        return test::run_command({PHYLL_BIN_DIR "/phylld", "--check", "--config", file.string()});
    };
    const auto open = check("listen = \"tcp://0.0.0.0:5570\"\n");
    REQUIRE(open.status == 1);
    REQUIRE_THAT(open.err,
                 Contains("listen: 'tcp://0.0.0.0:5570'") && Contains("authentication = \"keys\""));
    REQUIRE(check("listen = \"tcp://0.0.0.0:5570\"\nauthentication = \"nobody\"\n").status == 1);
    const auto keyed = check("listen = \"tcp://0.0.0.0:5570\"\nauthentication = \"keys\"\n");
    REQUIRE(keyed.status == 0);
    REQUIRE_THAT(keyed.out, Contains("to those who have a key"));
    REQUIRE_THAT(check("").out, Contains("to whoever is on this machine"));
    REQUIRE_THAT(check("authentication = \"passwords\"\n").err, Contains("nobody"));
    REQUIRE_THAT(check("listen = \"tcp://nowhere.example:1\"\n").err,
                 Contains("an address of this machine"));
    // A rig of real instruments asks for keys on loopback, too, unless it is told otherwise.
    const std::string instrument = "[[instruments]]\nname = \"g\"\nkind = \"generator\"\n"
                                   "address = \"TCPIP0::127.0.0.1::1::SOCKET\"\n";
    REQUIRE_THAT(check(instrument).out, Contains("to those who have a key"));
    REQUIRE_THAT(check("authentication = \"nobody\"\n" + instrument).out,
                 Contains("to whoever is on this machine"));
    REQUIRE_THAT(check(instrument + "virtual = true\n").out,
                 Contains("to whoever is on this machine"));
}

TEST_CASE("who has used up what he may take can stop the lab and keep his leases all the same") {
    Daemon daemon(test::lab_with_keys + "[limits]\nrequests = 2\nconnections = 1\n");
    Keyed op(daemon, "otto", v1::ROLE_OPERATOR);
    const auto lease =
        reply_of<v1::TakeLeaseReply>(op.peer.ask("phyll.v1.Leases/Take", lease_on("echo")));
    wait_for(op.peer, "echo", 1);
    wait_for(op.peer, "echo", 2);
    RawPeer second(daemon.tcp(), test::showing(daemon.server_key(), op.key));
    REQUIRE(second.ask("phyll.v1.Lab/Describe", v1::DescribeRequest()).code() ==
            v1::RESOURCE_EXHAUSTED);
    REQUIRE(second.ask("phyll.v1.Leases/Renew", with_token(lease.token())).code() == v1::OK);
    v1::StopRequest stop;
    stop.set_all(true);
    REQUIRE(second.ask("phyll.v1.Rigs/Stop", stop).code() == v1::OK);
    stop.set_note(std::string(1U << 20U, 'n')); // but nothing large
    REQUIRE(second.ask("phyll.v1.Rigs/Stop", stop).code() != v1::OK);
}

TEST_CASE("connections that are gone do not count") {
    Daemon daemon(test::lab_with_keys + "[limits]\nconnections = 2\n");
    Keyed op(daemon, "otto", v1::ROLE_OPERATOR);
    RawPeer admin(daemon.ipc());
    REQUIRE(admin.ask("phyll.v1.Leases/Take", lease_on("echo")).code() == v1::OK);
    for (int i = 0; i < 2; ++i) {
        RawPeer gone(daemon.tcp(), test::showing(daemon.server_key(), op.key));
        wait_for(gone, "echo", 1);
        gone.expect_service();
    }
    // That ZeroMQ notices it takes a moment.
    test::await([&] {
        return op.peer.ask("phyll.v1.Lab/Describe", v1::DescribeRequest()).code() == v1::OK;
    });
    REQUIRE(
        reply_of<v1::ListLeasesReply>(admin.ask("phyll.v1.Leases/List", v1::ListLeasesRequest()))
            .leases_size() == 1);
}
