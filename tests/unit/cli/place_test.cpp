#include "clients/cli/place.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/keys/key_file.hpp"
#include "drivers/core/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>

using namespace phyll;
using Catch::Contains;
using cli::Place;
using cli::place_of;
using cli::Said;

namespace {

const std::string bench_key(64, 'a');
const std::string other_key(64, 'b');

/// A user who has the lab "bench".
struct User {
    User() {
        std::ofstream(profiles) << "[labs.bench]\nendpoint = 'tcp://bench:5570'\nserver_key = '"
                                << bench_key << "'\nkey = 'bench.key'\n";
    }
    [[nodiscard]] Place place(const Said& options, const Said& variables = {}) const {
        return place_of(options, variables, profiles);
    }

    TemporaryFolder folder{"phyll-place"};
    std::filesystem::path profiles = folder.path() / "profiles.toml";
};

} // namespace

TEST_CASE("a lab is its endpoint, its key and the user's, unless options say otherwise") {
    const User user;
    const Place bench = user.place({.lab = "bench"});
    REQUIRE(bench.endpoint == "tcp://bench:5570");
    REQUIRE(bench.server_key.value().text() == bench_key);
    REQUIRE(bench.key == user.folder.path() / "bench.key");
    const Place other =
        user.place({.lab = "bench", .server_key = other_key, .key = "/elsewhere/a.key"});
    REQUIRE(other.endpoint == "tcp://bench:5570");
    REQUIRE(other.server_key.value().text() == other_key);
    REQUIRE(other.key == "/elsewhere/a.key");
    REQUIRE(user.place({.key = "a.key"}, {.lab = "bench"}).key ==
            std::filesystem::absolute("a.key"));
}

TEST_CASE("an endpoint alone is talked to without keys, and with them where its key is said") {
    const User user;
    REQUIRE_FALSE(user.place({.endpoint = "tcp://a:1"}).server_key);
    const Place place = user.place({.endpoint = "tcp://a:1", .server_key = other_key});
    REQUIRE(place.server_key.value().text() == other_key);
    REQUIRE(place.key.filename() == "client.key");
    REQUIRE(place.key.is_absolute());
}

TEST_CASE("variables say where phylld is when no option does, and nothing of what options name") {
    const User user;
    const Said variables{
        .endpoint = "tcp://b:2", .server_key = other_key, .key = "/elsewhere/b.key"};
    const Place by_variables = user.place({}, variables);
    REQUIRE(by_variables.endpoint == "tcp://b:2");
    REQUIRE(by_variables.server_key.value().text() == other_key);
    REQUIRE(by_variables.key == "/elsewhere/b.key");
    REQUIRE_FALSE(user.place({.endpoint = "ipc:///x"}, variables).server_key);
    REQUIRE(user.place({.lab = "bench"}, variables).server_key.value().text() == bench_key);
    REQUIRE(user.place({.endpoint = "tcp://a:1"}, {.lab = "bench"}).endpoint == "tcp://a:1");
    REQUIRE(user.place({}, {.lab = "bench"}).endpoint == "tcp://bench:5570");
}

TEST_CASE("what does not fit together is refused by name") {
    const User user;
    const auto refusal = [&](const Said& options, const Said& variables) -> std::string {
        try {
            static_cast<void>(user.place(options, variables));
        } catch (const Error& error) {
            REQUIRE(error.code() == Code::invalid_argument);
            return error.what();
        }
        return "accepted";
    };
    REQUIRE_THAT(refusal({}, {.endpoint = "tcp://a:1", .lab = "bench"}),
                 Contains("PHYLL_LAB: set beside PHYLL_ENDPOINT"));
    REQUIRE_THAT(refusal({.endpoint = "tcp://a:1", .lab = "bench"}, {}),
                 Contains("--lab: given beside --endpoint"));
    REQUIRE_THAT(refusal({.server_key = other_key}, {}), Contains("--server-key: given without"));
    REQUIRE_THAT(refusal({.endpoint = "tcp://a:1", .server_key = "abc"}, {}),
                 Contains("--server-key: 'abc'; a public key has 64 hexadecimal digits"));
    REQUIRE_THAT(refusal({}, {.endpoint = "tcp://a:1", .server_key = "abc"}),
                 Contains("PHYLL_SERVER_KEY: 'abc'"));
    REQUIRE_THROWS_WITH(user.place({.lab = "scan"}), Contains("there are 'bench'"));
}

TEST_CASE("keys are read where they are needed, and one that is missing can be made") {
    const User user;
    REQUIRE(cli::address_of({.endpoint = "ipc:///x", .server_key = {}, .key = "/nowhere"})
                .credentials == nullptr);
    const Place bench = user.place({.lab = "bench"});
    try {
        static_cast<void>(address_of(bench));
        FAIL("there is no key");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::not_found);
        REQUIRE_THAT(error.what(),
                     Contains("no key file " + bench.key.string()) && Contains("phyllctl key new"));
    }
    const SecretKey own = new_secret_key();
    write_key_file(bench.key, own);
    const Address address = address_of(bench);
    REQUIRE(address.endpoint == "tcp://bench:5570");
    REQUIRE(address.credentials->server.text() == bench_key);
    REQUIRE(address.credentials->own.public_key() == own.public_key());
}

TEST_CASE("children find the same place by their variables") {
    const Said before = cli::said_by_environment();
    const User user;
    ::setenv("PHYLL_LAB", "another", 1);
    const Place bench = user.place({.lab = "bench"});
    tell_children(bench);
    const Place found = user.place({}, cli::said_by_environment());
    REQUIRE(found.endpoint == bench.endpoint);
    REQUIRE(found.server_key == bench.server_key);
    REQUIRE(found.key == bench.key);
    tell_children(user.place({.endpoint = "ipc:///x"}));
    REQUIRE_FALSE(user.place({}, cli::said_by_environment()).server_key);
    REQUIRE(cli::said_by_environment().key.empty());
    const auto put_back = [](const char* name, const std::string& value) {
        value.empty() ? ::unsetenv(name) : ::setenv(name, value.c_str(), 1);
    };
    put_back("PHYLL_ENDPOINT", before.endpoint);
    put_back("PHYLL_LAB", before.lab);
    put_back("PHYLL_SERVER_KEY", before.server_key);
    put_back("PHYLL_KEY", before.key);
}
