// Who may do what, on a daemon that asks for keys.

#include "keyed_peers.hpp"

#include "clients/cpp/client.hpp"
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
#include <memory>
#include <string>
#include <vector>

using namespace phyll;
using Catch::Matchers::Contains;
using test::Answer;
using test::Daemon;
using test::Keyed;
using test::lease_on;
using test::RawPeer;
using test::reply_of;
using test::revoke;
using test::wait_for;
using test::with_token;

namespace {

mode_t mode_of(const std::filesystem::path& path) {
    struct stat found{};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return found.st_mode & 0777U;
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
        REQUIRE(end.code() == v1::ABORTED);
        REQUIRE_THAT(end.message(), Contains("otto") && Contains("revoked"));
    }
    REQUIRE(op.peer.ask("phyll.v1.Leases/Renew", with_token(lease.token())).code() ==
            v1::UNAUTHENTICATED);
    REQUIRE(op.peer.ask("phyll.v1.Lab/Describe", v1::DescribeRequest()).code() ==
            v1::UNAUTHENTICATED);
    REQUIRE(leases().leases_size() == 1);
    REQUIRE(other.peer.ask("phyll.v1.Leases/Renew", with_token(kept.token())).code() == v1::OK);
    // Nor does a new connection help: it is not let in.
    try {
        const Client again(
            {daemon.tcp(), std::make_shared<const Credentials>(Credentials{
                               PublicKey::read("server", daemon.server_key()), op.key})});
        FAIL("it was let in");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::unauthenticated);
        REQUIRE_THAT(error.what(), Contains("revoked"));
    }
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

TEST_CASE("an admin may revoke the key that is used for it, and is told so") {
    Daemon daemon(test::lab_with_keys);
    Keyed chief(daemon, "chief", v1::ROLE_ADMIN);
    RawPeer second(daemon.tcp(), test::showing(daemon.server_key(), chief.key));
    RawPeer admin(daemon.ipc());
    REQUIRE(admin.ask("phyll.v1.Leases/Take", lease_on("echo")).code() == v1::OK);
    wait_for(second, "echo", 1);
    second.expect_service();
    REQUIRE(revoke(chief.peer, "chief").calls() == 1); // not the call that asked for it
    REQUIRE(second.receive().code() == v1::ABORTED);
    REQUIRE(chief.peer.ask("phyll.v1.Lab/Describe", v1::DescribeRequest()).code() ==
            v1::UNAUTHENTICATED);
}

TEST_CASE("who takes the routing id of somebody else takes nothing of his") {
    Daemon daemon(test::lab_with_keys);
    RawPeer admin(daemon.ipc());
    REQUIRE(admin.ask("phyll.v1.Leases/Take", lease_on("echo")).code() == v1::OK);
    const SecretKey first = Keyed(daemon, "first", v1::ROLE_OPERATOR).key;
    const SecretKey second = Keyed(daemon, "second", v1::ROLE_OPERATOR).key;
    const auto as_one = [&](const SecretKey& key) {
        return [show = test::showing(daemon.server_key(), key)](zmq::socket_t& socket) {
            show(socket);
            socket.set(zmq::sockopt::routing_id, "the same");
        };
    };
    const auto in_line = [&] {
        return reply_of<v1::ListLeasesReply>(
                   admin.ask("phyll.v1.Leases/List", v1::ListLeasesRequest()))
            .leases_size();
    };
    {
        RawPeer peer(daemon.tcp(), as_one(first));
        wait_for(peer, "echo", 1);
        test::await([&] { return in_line() == 2; });
    }
    // ZeroMQ gives the id away once the connection is gone, which takes a moment.
    std::unique_ptr<RawPeer> other;
    test::await([&] {
        other = std::make_unique<RawPeer>(daemon.tcp(), as_one(second));
        other->socket().set(zmq::sockopt::rcvtimeo, 500);
        other->send({RawPeer::request("phyll.v1.Lab/Describe", 7).SerializeAsString(), ""});
        zmq::message_t frame;
        return other->socket().recv(frame).has_value();
    });
    REQUIRE(in_line() == 1); // what the first had in flight ended with him
    wait_for(*other, "echo", 8);
    test::await([&] { return in_line() == 2; });
    REQUIRE(revoke(admin, "first").calls() == 0);
    REQUIRE(revoke(admin, "second").calls() == 1);
    REQUIRE(in_line() == 1);
}
