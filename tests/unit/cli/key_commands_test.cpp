#include "clients/cli/key_words.hpp"
#include "drivers/core/keys/key_file.hpp"
#include "tests/unit/cli/run_phyllctl.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace phyll;
using Catch::Contains;
using test::Ended;
using test::User;

namespace {

const std::string some_key(64, 'c');

v1::AddKeyReply reply_with(const std::vector<std::string>& endpoints) {
    v1::AddKeyReply reply;
    reply.set_server_key(some_key);
    for (const std::string& endpoint : endpoints) {
        reply.add_endpoints(endpoint);
    }
    return reply;
}

} // namespace

TEST_CASE("a user makes one key, its owner's alone, and shows its public half") {
    const User user;
    const Ended made = User::run({"key", "new"});
    REQUIRE(made.status == 0);
    const std::filesystem::path file = user.file("client.key");
    const std::string text = read_key_file(file).public_key().text();
    REQUIRE(made.out == text + "\n");
    REQUIRE_THAT(made.err, Contains("phyllctl key add " + text + " --name NAME --role operator"));
    REQUIRE(std::filesystem::status(file).permissions() == std::filesystem::perms(0600));
    REQUIRE(std::filesystem::status(file.parent_path()).permissions() ==
            std::filesystem::perms::owner_all);

    const Ended again = User::run({"key", "new"});
    REQUIRE(again.status == 6);
    REQUIRE_THAT(again.err, Contains("there is a key file " + file.string() + " already"));
    REQUIRE(User::run({"key", "show"}).out == text + "\n");
}

TEST_CASE("another key goes where it is said, and is shown where it is named") {
    const User user;
    const std::string file = user.file("other.key").string();
    const nlohmann::json made =
        nlohmann::json::parse(User::run({"--json", "key", "new", "--out", file}).out);
    REQUIRE(made["event"] == "key");
    REQUIRE(made["file"] == file);
    const Ended shown = User::run({"key", "show", "--key", file, "--json"});
    REQUIRE(nlohmann::json::parse(shown.out) == made);
    const Ended added = User::run({"lab", "add", "bench", "--endpoint", "tcp://bench:5570",
                                   "--server-key", some_key, "--key", file});
    REQUIRE(added.status == 0);
    REQUIRE(added.err.empty());
    REQUIRE(User::run({"--lab", "bench", "key", "show"}).out ==
            made["public_key"].get<std::string>() + "\n");
    const Ended none = User::run({"key", "show"});
    REQUIRE(none.status == 3);
    REQUIRE_THAT(none.err, Contains(user.file("client.key").string()));
}

TEST_CASE("labs that were added are listed, and a second of the same name is refused") {
    const User user;
    const std::vector<std::string> command{"lab",       "add",          "bench", "--endpoint",
                                           "tcp://b:1", "--server-key", some_key};
    const Ended added = User::run(command);
    REQUIRE_THAT(added.out, Contains("phyllctl --lab bench rigs") && Contains("phyllctl key new"));
    REQUIRE(User::run(command).status == 6);
    REQUIRE_THAT(User::run({"lab", "list"}).out,
                 Contains("bench") && Contains("tcp://b:1") && Contains("cccccccc"));
    const nlohmann::json listed = nlohmann::json::parse(User::run({"lab", "list", "--json"}).out);
    REQUIRE(listed["lab"] == "bench");
    REQUIRE(listed["server_key"] == some_key);
    REQUIRE(listed["key"] == user.file("client.key").string());
}

TEST_CASE("arguments of keys and labs that make no sense are refused before anybody is asked") {
    const User user;
    const auto refused = [](const std::vector<std::string>& arguments, const std::string& words) {
        const Ended ended = User::run(arguments);
        INFO(ended.err);
        REQUIRE(ended.status == 2);
        REQUIRE_THAT(ended.err, Contains(words));
    };
    refused({"key", "add", "abc", "--name", "anna", "--role", "viewer"},
            "key: 'abc'; a public key has 64 hexadecimal digits");
    refused({"key", "add", some_key, "--name", "anna", "--role", "root"},
            "--role: 'root'; valid is viewer (looks), operator");
    refused({"key", "add", some_key, "--name", "anna"}, "--role");
    refused({"key", "add", some_key, "--role", "viewer"}, "--name");
    refused({"key", "revoke"}, "name");
    refused({"lab", "add", "bench", "--endpoint", "tcp://b:1", "--server-key", "abc"},
            "--server-key: 'abc'");
    refused({"lab", "add", "bench", "--endpoint", "b:1", "--server-key", some_key},
            "labs.bench.endpoint: 'b:1'");
    refused({"--lab", "bench", "--endpoint", "tcp://b:1", "key", "list"}, "--lab");
    refused({"audit", "--since", "yesterday"}, "--since: 'yesterday'");
    refused({"audit", "--limit", "0"}, "--limit");
    REQUIRE_FALSE(std::filesystem::exists(user.file("profiles.toml")));
    // What makes sense asks.
    REQUIRE(User::run({"key", "add", some_key, "--name", "anna", "--role", "viewer"}).status == 4);
    REQUIRE(User::run({"--lab", "bench", "key", "list"}).status == 3);
}

TEST_CASE("an endpoint of all addresses becomes that of a host") {
    REQUIRE(cli::endpoint_for_others("tcp://0.0.0.0:5570", "lab7") == "tcp://lab7:5570");
    REQUIRE(cli::endpoint_for_others("tcp://*:5570", "lab7") == "tcp://lab7:5570");
    REQUIRE(cli::endpoint_for_others("tcp://[::]:5570", "fe80::1") == "tcp://[fe80::1]:5570");
    REQUIRE(cli::endpoint_for_others("tcp://10.0.0.7:5570", "lab7") == "tcp://10.0.0.7:5570");
    REQUIRE(cli::is_of_this_machine("tcp://127.0.0.1:5570"));
    REQUIRE(cli::is_of_this_machine("tcp://[::1]:5570"));
    REQUIRE(cli::is_of_this_machine("ipc:///x/phylld.sock"));
    REQUIRE_FALSE(cli::is_of_this_machine("tcp://0.0.0.0:5570"));
}

TEST_CASE("whoever adds a key is told what its owner types") {
    const auto lines = cli::how_to_connect(reply_with({"tcp://0.0.0.0:5570"}), "lab7");
    REQUIRE(lines.size() == 2);
    REQUIRE(lines[1] ==
            "  phyllctl lab add NAME --endpoint tcp://lab7:5570 --server-key " + some_key);
    REQUIRE_THAT(cli::how_to_connect(reply_with({"tcp://127.0.0.1:5570"}), "lab7").back(),
                 Contains("for this machine only"));
    REQUIRE_THAT(cli::how_to_connect({}, "lab7").front(), Contains("asks nobody for keys"));
}
