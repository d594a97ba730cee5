// What phyllctl makes of a daemon's answers about keys and the audit trail.

#include "drivers/core/keys/key_file.hpp"
#include "tests/unit/cli/run_phyllctl.hpp"
#include "tests/unit/client/fake_daemon.hpp"

#include <nlohmann/json.hpp>
#include <phyll/v1/admin.pb.h>

#include <algorithm>
#include <sstream>

using namespace phyll;
using Catch::Contains;
using test::Ended;
using test::FakeDaemon;
using test::User;

namespace {

const std::string phyllds_key(64, 'd');
constexpr std::uint64_t newest_entry = 2500;
/// As many entries as a daemon takes requests for.
constexpr std::uint64_t most_entries = 10'000;

v1::Key key_of(const std::string& name, const std::string& digits) {
    v1::Key key;
    key.set_name(name);
    key.set_public_key(digits);
    key.set_role(v1::ROLE_OPERATOR);
    key.set_added(1'700'000'000);
    key.set_added_by("local user root (uid 0)");
    return key;
}

v1::ListKeysReply keys() {
    v1::ListKeysReply reply;
    reply.set_server_key(phyllds_key);
    *reply.add_keys() = key_of("anna", std::string(64, '1'));
    v1::Key& gone = *reply.add_keys();
    gone = key_of("ben", std::string(64, '2'));
    gone.set_revoked(1'700'000'100);
    gone.set_revoked_by("carla (key 33333333)");
    return reply;
}

v1::AuditReply entries(const v1::AuditRequest& request) {
    v1::AuditReply reply;
    const std::uint64_t from = request.before() == 0 ? newest_entry : request.before() - 1;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(request.limit(), from); ++i) {
        v1::AuditEntry& entry = *reply.add_entries();
        entry.set_number(from - i);
        entry.set_count(2);
        entry.set_who("anna (key 11111111)");
        entry.set_method("phyll.v1.Rigs/Stop");
        entry.set_what("cavity");
        if (entry.number() == 1) {
            entry.set_code(v1::PERMISSION_DENIED);
            entry.set_message("needs ROLE_OPERATOR\nsecond line");
        }
    }
    return reply;
}

std::string reply_to(const FakeDaemon::Said& said) {
    const std::string& method = said.header.method();
    if (method == "phyll.v1.Admin/ListKeys") {
        return keys().SerializeAsString();
    }
    if (method == "phyll.v1.Admin/Audit") {
        v1::AuditRequest request;
        static_cast<void>(request.ParseFromString(said.body));
        return entries(request).SerializeAsString();
    }
    if (method == "phyll.v1.Admin/AddKey") {
        v1::AddKeyRequest request;
        static_cast<void>(request.ParseFromString(said.body));
        v1::AddKeyReply reply;
        *reply.mutable_key() = request.key();
        reply.set_server_key(phyllds_key);
        reply.add_endpoints("tcp://10.0.0.7:5570");
        return reply.SerializeAsString();
    }
    v1::RevokeKeyReply reply;
    *reply.mutable_key() = key_of("anna", std::string(64, '1'));
    reply.set_calls(2);
    reply.set_leases(1);
    return reply.SerializeAsString();
}

void answer(const FakeDaemon::Said& said, const FakeDaemon::Say& say) {
    say(FakeDaemon::answer(v1::REPLY, said.header.id()), {reply_to(said)});
}

/// A daemon that has keys, and a user who asks it.
struct Asked {
    [[nodiscard]] Ended run(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"--endpoint", daemon.endpoint()});
        return User::run(arguments);
    }

    User user;
    FakeDaemon daemon{answer};
};

std::vector<nlohmann::json> lines(const std::string& text) {
    std::vector<nlohmann::json> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        out.push_back(nlohmann::json::parse(line));
    }
    return out;
}

} // namespace

TEST_CASE("keys are listed with who added and who revoked them, and phylld's own") {
    const Asked asked;
    const Ended listed = asked.run({"key", "list"});
    REQUIRE_THAT(listed.out, Contains("anna  operator  11111111") &&
                                 Contains("carla (key 33333333)") &&
                                 Contains("server key: " + phyllds_key));
    const std::vector<nlohmann::json> keys = lines(asked.run({"--json", "key", "list"}).out);
    REQUIRE(keys.size() == 2);
    REQUIRE(keys[0]["revoked"].is_null());
    REQUIRE(keys[0]["role"] == "operator");
    REQUIRE(keys[1]["revoked_by"] == "carla (key 33333333)");
    REQUIRE(keys[1]["server_key"] == phyllds_key);
}

TEST_CASE("a key is added as it was said, and revoked with all that it holds") {
    const Asked asked;
    const std::string key(64, 'A');
    const std::vector<std::string> adding{"key", "add", key, "--name", "anna", "--role", "viewer"};
    const Ended added = asked.run(adding);
    REQUIRE_THAT(added.out,
                 Contains("anna is viewer with the key aaaaaaaa\n") &&
                     Contains("--endpoint tcp://10.0.0.7:5570 --server-key " + phyllds_key));
    v1::AddKeyRequest request;
    REQUIRE(request.ParseFromString(asked.daemon.said().at(0).body));
    REQUIRE(request.key().role() == v1::ROLE_VIEWER);
    std::vector<std::string> in_json = adding;
    in_json.emplace_back("--json");
    const nlohmann::json line = lines(asked.run(in_json).out).at(0);
    REQUIRE(line["event"] == "key_added");
    REQUIRE(line["endpoints"] == std::vector<std::string>{"tcp://10.0.0.7:5570"});

    REQUIRE(asked.run({"key", "revoke", "anna"}).out ==
            "the key 11111111 of anna is revoked; 2 calls and 1 lease of it ended\n");
    const nlohmann::json revoked = lines(asked.run({"key", "revoke", "anna", "--json"}).out).at(0);
    REQUIRE(revoked["event"] == "key_revoked");
    REQUIRE(revoked["calls"] == 2);
    REQUIRE(revoked["leases"] == 1);
}

TEST_CASE("the audit trail is read on until there are as many entries as were asked for") {
    const Asked asked;
    REQUIRE(lines(asked.run({"audit", "--json"}).out).size() == 100);
    REQUIRE(asked.daemon.said().size() == 1); // each request is an entry, too
    const std::vector<nlohmann::json> most =
        lines(asked.run({"audit", "--json", "--limit", "1500"}).out);
    REQUIRE(most.size() == 1500);
    REQUIRE(most.front()["number"] == newest_entry);
    REQUIRE(most.back()["number"] == newest_entry - 1499);
    const std::vector<nlohmann::json> all =
        lines(asked.run({"audit", "--json", "--limit", "50000"}).out);
    REQUIRE(all.size() == newest_entry);
    REQUIRE(all.front()["code"] == "OK");
    REQUIRE(all.back()["code"] == "PERMISSION_DENIED");
    const Ended table = asked.run({"audit", "--limit", "50000", "--who", "anna", "--refused"});
    REQUIRE_THAT(table.out, Contains("cavity; not done: needs ROLE_OPERATOR\n"));
    v1::AuditRequest request;
    REQUIRE(request.ParseFromString(asked.daemon.said().back().body));
    REQUIRE(request.who() == "anna");
    REQUIRE(request.refused());
    REQUIRE(request.limit() <= most_entries);
}

TEST_CASE("a lab is asked by its name, with the user's key") {
    const User user;
    const SecretKey own = new_secret_key();
    const SecretKey phyllds = new_secret_key();
    write_key_file(user.file("client.key"), own);
    const FakeDaemon daemon(answer, FakeDaemon::Keys{phyllds, own.public_key()});
    REQUIRE(User::run({"lab", "add", "bench", "--endpoint", daemon.endpoint(), "--server-key",
                       phyllds.public_key().text()})
                .status == 0);
    REQUIRE(User::run({"--lab", "bench", "key", "list"}).status == 0);
    const Ended without = User::run({"--endpoint", daemon.endpoint(), "key", "list"});
    REQUIRE(without.status == 6);
    REQUIRE_THAT(without.err, Contains("asks for a key"));
}
