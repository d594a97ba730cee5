#include "daemon/runs/store.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace phyll;
using runs::Store;

namespace {

v1::Key key_of(const std::string& name, const std::string& public_key) {
    v1::Key key;
    key.set_name(name);
    key.set_public_key(public_key);
    key.set_role(v1::ROLE_OPERATOR);
    key.set_added(100);
    key.set_added_by("root");
    return key;
}

template <class What>
Code code_of_call(What what) {
    try {
        what();
    } catch (const Error& error) {
        return error.code();
    }
    return Code::ok;
}

} // namespace

TEST_CASE("keys are kept in their order, also those that were revoked") {
    const test::TempDir dir;
    {
        Store store(dir.path() / "phylld.db");
        REQUIRE(store.keys().empty());
        store.add_key(key_of("vera", "bb"));
        store.add_key(key_of("anna", "aa"));
        REQUIRE(code_of_call([&] { store.add_key(key_of("vera", "cc")); }) == Code::already_exists);
        REQUIRE(code_of_call([&] { store.add_key(key_of("otto", "aa")); }) == Code::already_exists);
        REQUIRE(code_of_call([&] { store.revoke_key("otto", "root", 200); }) == Code::not_found);
        const v1::Key revoked = store.revoke_key("vera", "root", 200);
        REQUIRE(revoked.public_key() == "bb");
        REQUIRE(code_of_call([&] { store.revoke_key("vera", "root", 300); }) == Code::not_found);
        REQUIRE(code_of_call([&] { store.add_key(key_of("vera", "bb")); }) == Code::already_exists);
        store.add_key(key_of("vera", "cc"));
    }
    const auto keys = Store(dir.path() / "phylld.db").keys();
    REQUIRE(keys.size() == 3);
    REQUIRE(keys[0].name() == "vera");
    REQUIRE(keys[0].revoked() == 200);
    REQUIRE(keys[0].revoked_by() == "root");
    REQUIRE(keys[1].public_key() == "aa");
    REQUIRE(keys[1].role() == v1::ROLE_OPERATOR);
    REQUIRE(keys[1].added() == 100);
    REQUIRE(keys[1].added_by() == "root");
    REQUIRE(keys[2].public_key() == "cc");
    REQUIRE(keys[2].revoked() == 0);
}

TEST_CASE("the store knows how much somebody has uploaded") {
    const test::TempDir dir;
    Store store(dir.path() / "phylld.db");
    REQUIRE(store.uploaded_by("anna") == 0);
    store.note_upload({.sha256 = "aa", .size = 600, .name = "x", .uploaded_by = "anna"});
    store.note_upload({.sha256 = "bb", .size = 500, .name = "y", .uploaded_by = "bert"});
    store.note_upload({.sha256 = "cc", .size = 50, .name = "z", .uploaded_by = "anna"});
    REQUIRE(store.uploaded_by("anna") == 650);
    store.forget_upload("aa");
    REQUIRE(store.uploaded_by("anna") == 50);
}
