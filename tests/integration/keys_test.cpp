// Who may do what, on a daemon that asks for keys.

#include "keyed_peers.hpp"

#include "daemon/rpc/dispatcher.hpp"
#include "drivers/core/keys/key_file.hpp"
#include "tests/support/await.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/data.pb.h>
#include <phyll/v1/lab.pb.h>
#include <phyll/v1/leases.pb.h>
#include <phyll/v1/rigs.pb.h>
#include <phyll/v1/runs.pb.h>

#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace phyll;
using Catch::Matchers::Contains;
using test::Answer;
using test::Daemon;
using test::Keyed;
using test::RawPeer;
using test::reply_of;

namespace {

mode_t mode_of(const std::filesystem::path& path) {
    struct stat found{};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return found.st_mode & 0777U;
}

v1::TakeLeaseRequest lease_on(const std::string& rig) {
    v1::TakeLeaseRequest request;
    request.add_rigs(rig);
    request.set_time_to_live(600);
    return request;
}

/// Gets in line for a rig that somebody else has.
void wait_for(RawPeer& peer, const std::string& rig, std::uint64_t id) {
    v1::TakeLeaseRequest wish = lease_on(rig);
    wish.set_wait(true);
    peer.send({RawPeer::request("phyll.v1.Leases/Take", id).SerializeAsString(),
               wish.SerializeAsString()});
}

v1::LeaseRequest with_token(const std::string& token) {
    v1::LeaseRequest request;
    request.set_token(token);
    return request;
}

v1::RevokeKeyReply revoke(RawPeer& admin, const std::string& name) {
    v1::RevokeKeyRequest request;
    request.set_name(name);
    return reply_of<v1::RevokeKeyReply>(admin.ask("phyll.v1.Admin/RevokeKey", request));
}

std::vector<v1::AuditEntry> audit(RawPeer& admin, const v1::AuditRequest& request = {}) {
    const auto reply = reply_of<v1::AuditReply>(admin.ask("phyll.v1.Admin/Audit", request));
    return {reply.entries().begin(), reply.entries().end()};
}

/// The only entry of that method by who is called that.
v1::AuditEntry entry_of(const std::vector<v1::AuditEntry>& entries, const std::string& who,
                        const std::string& method) {
    std::vector<v1::AuditEntry> found;
    std::ranges::copy_if(entries, std::back_inserter(found), [&](const v1::AuditEntry& entry) {
        return entry.who().find(who) != std::string::npos && entry.method() == method;
    });
    INFO(who << " " << method);
    REQUIRE(found.size() == 1);
    return found.front();
}

} // namespace

TEST_CASE("each method is refused to each role below its own, and to a key that was revoked") {
    Daemon daemon(test::lab_with_keys);
    Keyed viewer(daemon, "vera", v1::ROLE_VIEWER);
    Keyed op(daemon, "otto", v1::ROLE_OPERATOR);
    Keyed gone(daemon, "gerd", v1::ROLE_ADMIN);
    gone.peer.expect_service();
    RawPeer admin(daemon.ipc());
    static_cast<void>(revoke(admin, "gerd"));
    const rpc::Dispatcher dispatcher; // all methods that the .proto files name
    int refused = 0;
    for (const auto& [name, method] : dispatcher.methods()) {
        INFO(name);
        REQUIRE(gone.peer.ask(name, v1::RigsRequest()).code() == v1::UNAUTHENTICATED);
        for (const auto& [peer, role] :
             {std::pair(&viewer.peer, v1::ROLE_VIEWER), std::pair(&op.peer, v1::ROLE_OPERATOR)}) {
            if (role < method.role) {
                const Answer answer = peer->ask(name, v1::RigsRequest());
                REQUIRE(answer.code() == v1::PERMISSION_DENIED);
                REQUIRE_THAT(answer.message(), Contains(v1::Role_Name(method.role)));
                ++refused;
            }
        }
    }
    REQUIRE(refused > 40);
    viewer.peer.expect_service();
    op.peer.expect_service();
    // Nothing of it was done.
    REQUIRE(reply_of<v1::ListRunsReply>(admin.ask("phyll.v1.Runs/List", v1::ListRunsRequest()))
                .runs()
                .empty());
}

TEST_CASE("whoever is known may stop the lab, and only who drives may give it free again") {
    Daemon daemon(test::lab_with_keys);
    Keyed viewer(daemon, "vera", v1::ROLE_VIEWER);
    v1::StopRequest stop;
    stop.set_rig("echo");
    stop.set_note("smoke");
    const auto stopped = reply_of<v1::StopReply>(viewer.peer.ask("phyll.v1.Rigs/Stop", stop));
    REQUIRE(stopped.rigs(0).blocks(0).by() ==
            "vera (key " + viewer.key.public_key().short_text() + ")");
    v1::RigNoteRequest acknowledge;
    acknowledge.set_rig("echo");
    REQUIRE(viewer.peer.ask("phyll.v1.Rigs/Acknowledge", acknowledge).code() ==
            v1::PERMISSION_DENIED);
    Keyed op(daemon, "otto", v1::ROLE_OPERATOR);
    REQUIRE(op.peer.ask("phyll.v1.Rigs/Acknowledge", acknowledge).code() == v1::OK);
}

TEST_CASE("the daemon's key and its socket are its user's, and keys outlive it") {
    Daemon daemon(test::lab_with_keys);
    REQUIRE(mode_of(daemon.state_dir() / "server.key") == 0600);
    REQUIRE(mode_of(daemon.state_dir() / "phylld.sock") == 0660);
    const std::string server_key = daemon.server_key();
    REQUIRE(read_key_file(daemon.state_dir() / "server.key").public_key().text() == server_key);
    const Keyed kept(daemon, "vera", v1::ROLE_VIEWER);
    const Keyed gone(daemon, "gerd", v1::ROLE_VIEWER);
    {
        RawPeer admin(daemon.ipc());
        static_cast<void>(revoke(admin, "gerd"));
    }
    daemon.kill();
    daemon.start();
    REQUIRE(daemon.server_key() == server_key);
    RawPeer(daemon.tcp(), test::showing(server_key, kept.key)).expect_service();
    RawPeer admin(daemon.ipc());
    const auto keys =
        reply_of<v1::ListKeysReply>(admin.ask("phyll.v1.Admin/ListKeys", v1::ListKeysRequest()));
    REQUIRE(keys.server_key() == server_key);
    REQUIRE(keys.keys_size() == 2);
    REQUIRE(keys.keys(0).name() == "vera");
    REQUIRE(keys.keys(0).revoked() == 0);
    REQUIRE(keys.keys(1).revoked() > 0);
    REQUIRE_THAT(keys.keys(1).revoked_by(), Contains("local user"));
}

TEST_CASE("a revoked key loses its calls and its leases at once, and those of others stay") {
    Daemon daemon(test::lab_with_keys);
    Keyed op(daemon, "otto", v1::ROLE_OPERATOR);
    Keyed other(daemon, "olga", v1::ROLE_OPERATOR);
    const auto lease =
        reply_of<v1::TakeLeaseReply>(op.peer.ask("phyll.v1.Leases/Take", lease_on("echo")));
    const auto kept =
        reply_of<v1::TakeLeaseReply>(other.peer.ask("phyll.v1.Leases/Take", lease_on("cavity")));
    // Two calls under way: places in the line for the other one's rig.
    wait_for(op.peer, "cavity", 1);
    wait_for(op.peer, "cavity", 2);
    RawPeer admin(daemon.ipc());
    const auto leases = [&] {
        return reply_of<v1::ListLeasesReply>(
            admin.ask("phyll.v1.Leases/List", v1::ListLeasesRequest()));
    };
    test::await([&] { return leases().leases_size() == 4; });

    const v1::RevokeKeyReply reply = revoke(admin, "otto");
    REQUIRE(reply.calls() == 2);
    REQUIRE(reply.leases() == 3);
    for (int i = 0; i < 2; ++i) {
        const Answer end = op.peer.receive();
        REQUIRE(end.code() == v1::UNAUTHENTICATED);
        REQUIRE_THAT(end.message(), Contains("otto") && Contains("revoked"));
    }
    REQUIRE(op.peer.ask("phyll.v1.Leases/Renew", with_token(lease.token())).code() ==
            v1::UNAUTHENTICATED);
    REQUIRE(op.peer.ask("phyll.v1.Lab/Describe", v1::DescribeRequest()).code() ==
            v1::UNAUTHENTICATED);
    REQUIRE(leases().leases_size() == 1);
    REQUIRE(other.peer.ask("phyll.v1.Leases/Renew", with_token(kept.token())).code() == v1::OK);
    // Nor does a new connection help: it is not let in.
    RawPeer again(daemon.tcp(), test::showing(daemon.server_key(), op.key));
    again.socket().set(zmq::sockopt::rcvtimeo, 300);
    again.send({RawPeer::request("phyll.v1.Lab/Describe", 1).SerializeAsString(), ""});
    zmq::message_t frame;
    REQUIRE_FALSE(again.socket().recv(frame));
}

TEST_CASE("the token of a lease is of no use to anybody but who took it") {
    Daemon daemon(test::lab_with_keys);
    Keyed op(daemon, "otto", v1::ROLE_OPERATOR);
    Keyed thief(daemon, "theo", v1::ROLE_OPERATOR);
    const auto lease =
        reply_of<v1::TakeLeaseReply>(op.peer.ask("phyll.v1.Leases/Take", lease_on("echo")));
    REQUIRE(lease.token().size() == 16);
    RawPeer admin(daemon.ipc());
    for (RawPeer* peer : {&thief.peer, &admin}) {
        REQUIRE(peer->ask("phyll.v1.Leases/Renew", with_token(lease.token())).code() ==
                v1::NOT_FOUND);
        REQUIRE(peer->ask("phyll.v1.Leases/Release", with_token(lease.token())).code() ==
                v1::NOT_FOUND);
        v1::Header query = RawPeer::request("phyll.v1.Rigs/Query", 7);
        query.set_lease(lease.token());
        v1::QueryRequest body;
        body.set_rig("echo");
        body.mutable_stimuli()->set_channels(16);
        body.mutable_stimuli()->set_samples(1);
        peer->send({query.SerializeAsString(), body.SerializeAsString(), std::string(64, '\0')});
        REQUIRE(peer->receive().code() == v1::NOT_FOUND);
    }
    REQUIRE(op.peer.ask("phyll.v1.Leases/Release", with_token(lease.token())).code() == v1::OK);
    REQUIRE(op.peer.ask("phyll.v1.Leases/Renew", with_token(lease.token())).code() == v1::ABORTED);
}

TEST_CASE("keys that are wrong are refused with what would be right") {
    Daemon daemon(test::lab_with_keys);
    RawPeer admin(daemon.ipc());
    const auto refusal = [&](const std::string& name, const std::string& key, v1::Role role) {
        v1::AddKeyRequest request;
        request.mutable_key()->set_name(name);
        request.mutable_key()->set_public_key(key);
        request.mutable_key()->set_role(role);
        const Answer answer = admin.ask("phyll.v1.Admin/AddKey", request);
        return std::pair(answer.code(), answer.message());
    };
    const std::string key = new_secret_key().public_key().text();
    const auto wrong = [&](const auto& refused, v1::Code code, const std::string& says) {
        INFO(refused.second);
        REQUIRE(refused.first == code);
        REQUIRE_THAT(refused.second, Contains(says));
    };
    wrong(refusal("", key, v1::ROLE_VIEWER), v1::INVALID_ARGUMENT, "key.name: is empty");
    wrong(refusal(std::string(65, 'n'), key, v1::ROLE_VIEWER), v1::INVALID_ARGUMENT, "64 bytes");
    wrong(refusal("a\nb", key, v1::ROLE_VIEWER), v1::INVALID_ARGUMENT, "key.name");
    wrong(refusal("vera", "abc", v1::ROLE_VIEWER), v1::INVALID_ARGUMENT, "64 hexadecimal digits");
    wrong(refusal("vera", key + "00", v1::ROLE_VIEWER), v1::INVALID_ARGUMENT, "key.public_key");
    wrong(refusal("vera", key, v1::ROLE_UNSPECIFIED), v1::INVALID_ARGUMENT, "ROLE_OPERATOR");
    wrong(refusal("vera", key, static_cast<v1::Role>(9)), v1::INVALID_ARGUMENT, "key.role: 9");
    REQUIRE(refusal("vera", key, v1::ROLE_VIEWER).first == v1::OK);
    wrong(refusal("other", key, v1::ROLE_ADMIN), v1::ALREADY_EXISTS, "'vera'");
    wrong(refusal("vera", new_secret_key().public_key().text(), v1::ROLE_ADMIN), v1::ALREADY_EXISTS,
          "revoke it");
    static_cast<void>(revoke(admin, "vera"));
    wrong(refusal("vera", key, v1::ROLE_VIEWER), v1::ALREADY_EXISTS, "was revoked");
    // Who lost a key gets another one under the same name.
    REQUIRE(refusal("vera", new_secret_key().public_key().text(), v1::ROLE_VIEWER).first == v1::OK);
    v1::RevokeKeyRequest nobody;
    nobody.set_name("nobody");
    const Answer answer = admin.ask("phyll.v1.Admin/RevokeKey", nobody);
    REQUIRE(answer.code() == v1::NOT_FOUND);
    REQUIRE_THAT(answer.message(), Contains("'nobody'") && Contains("'vera'"));
}

TEST_CASE("the audit trail says who did what, from where, and how it ended") {
    Daemon daemon(test::lab_with_keys);
    Keyed op(daemon, "otto", v1::ROLE_OPERATOR);
    RawPeer admin(daemon.ipc());
    static_cast<void>(op.peer.ask("phyll.v1.Admin/ListKeys", v1::ListKeysRequest()));
    const auto lease =
        reply_of<v1::TakeLeaseReply>(op.peer.ask("phyll.v1.Leases/Take", lease_on("echo")));
    for (int i = 0; i < 5; ++i) {
        REQUIRE(op.peer.ask("phyll.v1.Leases/Renew", with_token(lease.token())).code() == v1::OK);
        op.peer.expect_service(); // looking is not kept
    }
    {
        RawPeer stranger(daemon.tcp(), test::showing(daemon.server_key(), new_secret_key()));
        stranger.send({RawPeer::request("phyll.v1.Lab/Describe", 1).SerializeAsString(), ""});
        v1::AuditRequest strangers;
        strangers.set_who("unknown");
        test::await([&] { return !audit(admin, strangers).empty(); });
    }
    const std::vector<v1::AuditEntry> entries = audit(admin);
    const v1::AuditEntry added = entry_of(entries, "local user", "phyll.v1.Admin/AddKey");
    REQUIRE_THAT(added.what(), Contains("name otto") && Contains("ROLE_OPERATOR"));
    REQUIRE(added.code() == v1::OK);
    const v1::AuditEntry taken = entry_of(entries, "otto (key ", "phyll.v1.Leases/Take");
    REQUIRE(taken.address() == "127.0.0.1");
    REQUIRE_THAT(taken.what(), Contains("rigs echo"));
    REQUIRE(taken.first() > 1e9);
    const v1::AuditEntry refused = entry_of(entries, "otto", "phyll.v1.Admin/ListKeys");
    REQUIRE(refused.code() == v1::PERMISSION_DENIED);
    const v1::AuditEntry renewed = entry_of(entries, "otto", "phyll.v1.Leases/Renew");
    REQUIRE(renewed.count() == 5);
    REQUIRE(renewed.last() >= renewed.first());
    REQUIRE(std::ranges::none_of(entries, [](const v1::AuditEntry& entry) {
        return entry.method() == "phyll.v1.Lab/Describe";
    }));
    const v1::AuditEntry stranger = entry_of(entries, "unknown", "connect");
    REQUIRE(stranger.address() == "127.0.0.1");
    REQUIRE(stranger.code() == v1::UNAUTHENTICATED);

    v1::AuditRequest only_refused;
    only_refused.set_refused(true);
    const auto refusals = audit(admin, only_refused);
    REQUIRE(refusals.size() == 2);
    v1::AuditRequest older;
    older.set_before(entries.at(1).number());
    older.set_limit(1);
    const auto page = audit(admin, older);
    REQUIRE(page.size() == 1);
    REQUIRE(page[0].number() == entries.at(2).number());
    // It outlives the daemon, whatever ends it.
    daemon.kill();
    daemon.start();
    RawPeer later(daemon.ipc());
    REQUIRE(entry_of(audit(later), "otto (key ", "phyll.v1.Leases/Take").number() ==
            taken.number());
}

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
