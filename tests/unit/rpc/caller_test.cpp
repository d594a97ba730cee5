#include "daemon/rpc/caller.hpp"

#include <catch2/catch.hpp>

#include <pwd.h>
#include <unistd.h>

using namespace phyll;

TEST_CASE("a peer of an ipc socket is the user that the kernel vouches for, and an admin") {
    const rpc::Identify identify = rpc::local_users();
    const std::string uid = std::to_string(::getuid());
    const passwd* me = ::getpwuid(::getuid());
    REQUIRE(identify("localhost:" + uid + ":0:4711").name ==
            (me != nullptr ? "local user " + std::string(me->pw_name) + " (uid " + uid + ")"
                           : "local user with uid " + uid));
    REQUIRE(identify("localhost:" + uid + ":0:4711").role == v1::ROLE_ADMIN);
    REQUIRE(identify("localhost:3987654321:3:4711").name == "local user with uid 3987654321");
}

TEST_CASE("an address without credentials names nobody") {
    const rpc::Identify identify = rpc::local_users();
    for (const char* address : {"", "localhost", "localhost:1:2", ":::", "a:b:c:d", "a:1:b:3"}) {
        INFO(address);
        REQUIRE(identify(address).name == "a local user");
    }
}

TEST_CASE("a peer on loopback is an operator at its address") {
    const rpc::Identify identify = rpc::local_operators();
    REQUIRE(identify("127.0.0.1").name == "a local operator at 127.0.0.1");
    REQUIRE(identify("::1").name == "a local operator at ::1");
    REQUIRE(identify("").name == "a local operator");
    REQUIRE(identify("127.0.0.1").role == v1::ROLE_OPERATOR);
}
