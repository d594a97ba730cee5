#include "app.hpp"
#include "drivers/core/keys/key_file.hpp"
#include "key_words.hpp"
#include "labs.hpp"
#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/admin.pb.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <unistd.h>

namespace phyll::cli {
namespace {

void say_own(const App& app, const PublicKey& key, const std::filesystem::path& file) {
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "key"},
                                    {"public_key", key.text()},
                                    {"file", file.string()}}
                         .dump()
                  << '\n';
    } else {
        std::cout << key.text() << '\n';
    }
}

void make(App& app, const std::string& out) {
    const std::filesystem::path file =
        out.empty() ? default_key_file() : std::filesystem::absolute(out);
    const SecretKey key = new_secret_key();
    write_key_file(file, key);
    say_own(app, key.public_key(), file);
    if (!app.json()) {
        std::cerr << fmt::format(
            "this is the public half of your new key, which is in {} and stays there; what comes "
            "next, on the machine of the lab:\n"
            "  phyllctl key add {} --name NAME --role operator\n",
            file.string(), key.public_key().text());
    }
}

void show(App& app) {
    const std::filesystem::path& file = app.place().key;
    say_own(app, read_key_file(file).public_key(), file);
}

/// How others call the machine that phylld runs on.
std::string host_of_phylld(App& app) {
    const std::string& endpoint = app.client().endpoint();
    if (!is_of_this_machine(endpoint)) {
        return host_of(endpoint);
    }
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "HOST";
}

nlohmann::json key_json(const v1::Key& key) {
    nlohmann::json out{{"name", key.name()},          {"public_key", key.public_key()},
                       {"role", name_of(key.role())}, {"added", key.added()},
                       {"added_by", key.added_by()},  {"revoked", nullptr},
                       {"revoked_by", nullptr}};
    if (key.revoked() > 0) {
        out["revoked"] = key.revoked();
        out["revoked_by"] = key.revoked_by();
    }
    return out;
}

nlohmann::json server_key_json(const std::string& key) {
    return key.empty() ? nlohmann::json() : nlohmann::json(key);
}

/// Enough to tell keys apart.
std::string short_key(const v1::Key& key) {
    return key.public_key().substr(0, 8);
}

struct AddArguments {
    std::string key;
    std::string name;
    std::string role;
};

void add(App& app, const AddArguments& arguments) {
    v1::AddKeyRequest request;
    v1::Key& wanted = *request.mutable_key();
    wanted.set_public_key(PublicKey::read("key", arguments.key).text());
    wanted.set_role(role_called(arguments.role));
    wanted.set_name(arguments.name);
    const auto reply = app.client().call<v1::AddKeyReply>("phyll.v1.Admin/AddKey", request);
    const std::string host = host_of_phylld(app);
    if (app.json()) {
        nlohmann::json line = key_json(reply.key());
        line["event"] = "key_added";
        line["server_key"] = server_key_json(reply.server_key());
        line["endpoints"] = nlohmann::json::array();
        for (const std::string& endpoint : reply.endpoints()) {
            line["endpoints"].push_back(endpoint_for_others(endpoint, host));
        }
        std::cout << line.dump() << '\n';
        return;
    }
    std::cout << fmt::format("{} is {} with the key {}\n", reply.key().name(),
                             name_of(reply.key().role()), short_key(reply.key()));
    for (const std::string& line : how_to_connect(reply, host)) {
        std::cout << line << '\n';
    }
}

void list(App& app) {
    const auto reply =
        app.client().call<v1::ListKeysReply>("phyll.v1.Admin/ListKeys", v1::ListKeysRequest());
    Table table({"NAME", "ROLE", "KEY", "ADDED", "BY", "REVOKED", "BY"});
    for (const v1::Key& key : reply.keys()) {
        if (app.json()) {
            nlohmann::json line = key_json(key);
            line["server_key"] = server_key_json(reply.server_key());
            std::cout << line.dump() << '\n';
        }
        table.add({key.name(), name_of(key.role()), short_key(key), local_time(key.added()),
                   key.added_by(), local_time(key.revoked()), key.revoked_by()});
    }
    if (!app.json()) {
        table.print(std::cout);
        std::cout << (reply.server_key().empty()
                          ? "phylld asks nobody for keys (docs/security.md)\n"
                          : fmt::format("server key: {}\n", reply.server_key()));
    }
}

/// "2 calls", "1 lease"
std::string so_many(std::uint32_t number, const char* what) {
    return fmt::format("{} {}{}", count(number), what, number == 1 ? "" : "s");
}

void revoke(App& app, const std::string& name) {
    v1::RevokeKeyRequest request;
    request.set_name(name);
    const auto reply = app.client().call<v1::RevokeKeyReply>("phyll.v1.Admin/RevokeKey", request);
    if (app.json()) {
        nlohmann::json line = key_json(reply.key());
        line["event"] = "key_revoked";
        line["calls"] = reply.calls();
        line["leases"] = reply.leases();
        std::cout << line.dump() << '\n';
        return;
    }
    std::cout << fmt::format("the key {} of {} is revoked; {} and {} of it ended\n",
                             short_key(reply.key()), reply.key().name(),
                             so_many(reply.calls(), "call"), so_many(reply.leases(), "lease"));
}

void add_own_commands(App& app, CLI::App& key) {
    CLI::App* making = key.add_subcommand("new", "Make a key of your own; prints its public half");
    const auto out = std::make_shared<std::string>();
    making->add_option("--out", *out,
                       "File of the secret half, by default ~/.config/phyll/client.key");
    making->callback([&app, out] { make(app, *out); });
    key.add_subcommand("show",
                       "The public half of your key, or of that of --key FILE or --lab NAME")
        ->callback([&app] { show(app); });
}

} // namespace

void add_key_commands(App& app) {
    CLI::App* key =
        app.commands().add_subcommand("key", "Who may talk to phylld by network, and your own key");
    key->require_subcommand(1);
    add_own_commands(app, *key);

    CLI::App* adding = key->add_subcommand("add", "Let somebody in (admins only)");
    const auto wanted = std::make_shared<AddArguments>();
    adding
        ->add_option("key", wanted->key, "The public half, as their 'phyllctl key new' printed it")
        ->required();
    adding->add_option("--name", wanted->name, "Whose it is")->required();
    adding->add_option("--role", wanted->role, "viewer, operator or admin")->required();
    adding->callback([&app, wanted] { add(app, *wanted); });

    key->add_subcommand("list", "Who was let in, and phylld's own public key (admins only)")
        ->callback([&app] { list(app); });

    CLI::App* revoking = key->add_subcommand(
        "revoke", "Let somebody in no longer; ends what they are doing (admins only)");
    const auto name = std::make_shared<std::string>();
    revoking->add_option("name", *name, "Whose key it is")->required();
    revoking->callback([&app, name] { revoke(app, *name); });
}

} // namespace phyll::cli
