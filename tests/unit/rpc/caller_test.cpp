#include "daemon/rpc/caller.hpp"

#include <catch2/catch.hpp>

#include <pwd.h>
#include <unistd.h>

using namespace phyll;

TEST_CASE("a peer of an ipc socket is the user that the kernel vouches for, and an admin") {
    const rpc::Identify identify = rpc::local_users();
    const std::string uid = std::to_string(::getuid());
    const passwd* me = ::getpwuid(::getuid());
    REQUIRE(identify({.address = "localhost:" + uid + ":0:4711"}).name ==
            (me != nullptr ? "local user " + std::string(me->pw_name) + " (uid " + uid + ")"
                           : "local user with uid " + uid));
    REQUIRE(identify({.address = "localhost:" + uid + ":0:4711"}).role == v1::ROLE_ADMIN);
    REQUIRE(identify({.address = "localhost:3987654321:3:4711"}).name ==
            "local user with uid 3987654321");
}

TEST_CASE("an address without credentials names nobody") {
    const rpc::Identify identify = rpc::local_users();
    for (const char* address : {"", "localhost", "localhost:1:2", ":::", "a:b:c:d", "a:1:b:3"}) {
        INFO(address);
        REQUIRE(identify({.address = address}).name == "a local user");
    }
}

TEST_CASE("a peer on loopback is an operator at its address") {
    const rpc::Identify identify = rpc::local_operators();
    REQUIRE(identify({.address = "127.0.0.1"}).name == "a local operator at 127.0.0.1");
    REQUIRE(identify({.address = "::1"}).name == "a local operator at ::1");
    REQUIRE(identify({.address = ""}).name == "a local operator");
    REQUIRE(identify({.address = "127.0.0.1"}).role == v1::ROLE_OPERATOR);
}

TEST_CASE("who has a key is known by it, with the role of that moment, until it is revoked") {
    const PublicKey key = new_secret_key().public_key();
    rpc::KeyRing ring;
    const rpc::Identify identify = rpc::owners_of_keys(ring);
    const rpc::Origin origin{.address = "10.0.0.7", .key = key};

    REQUIRE(identify(origin).refusal->code() == Code::unauthenticated);
    REQUIRE(identify({.address = "10.0.0.7"}).refusal->code() == Code::unauthenticated);

    ring.put(key, {.name = "anna", .role = v1::ROLE_VIEWER});
    rpc::Caller caller = identify(origin);
    REQUIRE_FALSE(caller.refusal);
    REQUIRE(caller.name == "anna (key " + key.short_text() + ")");
    REQUIRE(caller.role == v1::ROLE_VIEWER);
    REQUIRE(caller.address == "10.0.0.7");
    REQUIRE(caller.key == key);
    REQUIRE(identify({.key = new_secret_key().public_key()}).refusal);

    ring.put(key, {.name = "anna", .role = v1::ROLE_VIEWER, .revoked = true});
    REQUIRE_FALSE(ring.lets_in(key));
    caller = identify(origin);
    REQUIRE(caller.refusal->code() == Code::unauthenticated);
    REQUIRE_THAT(caller.refusal->what(), Catch::Contains("anna") && Catch::Contains("revoked"));
    REQUIRE(caller.role == v1::ROLE_UNSPECIFIED);
    REQUIRE(caller.name == "anna (key " + key.short_text() + ")"); // for the records
}
