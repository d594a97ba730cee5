#include "drivers/core/error.hpp"
#include "drivers/core/hex.hpp"
#include "drivers/core/keys/key_file.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <fstream>
#include <string>

using namespace phyll;
using Catch::Matchers::Contains;

namespace {

template <class What>
Error error_of(What what) {
    try {
        what();
    } catch (const Error& error) {
        return error;
    }
    return {Code::ok, "no error"};
}

mode_t mode_of(const std::filesystem::path& path) {
    struct stat found{};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return found.st_mode & 0777U;
}

std::filesystem::path write(const test::TempDir& dir, const std::string& text, mode_t mode) {
    const auto file = dir.path() / "a.key";
    std::ofstream(file) << text;
    ::chmod(file.c_str(), mode);
    return file;
}

} // namespace

TEST_CASE("the public half of a key is that of Curve25519") {
    // RFC 7748, section 6.1: Alice's keys.
    std::array<std::byte, 32> secret{};
    REQUIRE(from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", secret));
    REQUIRE(SecretKey(secret).public_key().text() ==
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    const SecretKey one = new_secret_key();
    const SecretKey other = new_secret_key();
    REQUIRE(one.bytes() != other.bytes());
    REQUIRE(one.public_key() == SecretKey(one.bytes()).public_key());
    REQUIRE(one.public_key() != other.public_key());
}

TEST_CASE("a public key is read as it is written, and nothing else is") {
    const PublicKey key = new_secret_key().public_key();
    REQUIRE(key.text().size() == 64);
    REQUIRE(PublicKey::parse(key.text()) == key);
    REQUIRE(key.short_text() == key.text().substr(0, 8));
    REQUIRE_FALSE(PublicKey::parse(""));
    REQUIRE_FALSE(PublicKey::parse(key.text() + "00"));
    REQUIRE_FALSE(PublicKey::parse(key.text().substr(1)));
    REQUIRE_FALSE(PublicKey::parse(" " + key.text().substr(1)));
    REQUIRE_FALSE(PublicKey::parse("x" + key.text().substr(1)));
    const Error error = error_of([] { static_cast<void>(PublicKey::read("server_key", "abc")); });
    REQUIRE(error.code() == Code::invalid_argument);
    REQUIRE_THAT(error.what(), Contains("server_key: 'abc'") && Contains("64 hexadecimal digits"));
}

TEST_CASE("a key file is its owner's alone, and never overwritten") {
    const test::TempDir dir;
    const auto file = dir.path() / "folder" / "deeper" / "client.key";
    const SecretKey key = new_secret_key();
    write_key_file(file, key);
    REQUIRE(mode_of(file) == 0600);
    REQUIRE(mode_of(file.parent_path()) == 0700);
    REQUIRE(read_key_file(file).bytes() == key.bytes());
    REQUIRE(error_of([&] { write_key_file(file, new_secret_key()); }).code() ==
            Code::already_exists);
    REQUIRE(read_key_file(file).bytes() == key.bytes());
}

TEST_CASE("a key file that others may read, or that holds no key, is refused") {
    const test::TempDir dir;
    const std::string text = to_hex(new_secret_key().bytes());
    REQUIRE(read_key_file(write(dir, "# mine\n\n" + text + "\n", 0600)).public_key().text() ==
            SecretKey(read_key_file(write(dir, text, 0400))).public_key().text());
    for (const mode_t mode : {0640U, 0604U, 0620U, 0660U}) {
        const Error error =
            error_of([&] { static_cast<void>(read_key_file(write(dir, text, mode))); });
        REQUIRE(error.code() == Code::failed_precondition);
        REQUIRE_THAT(error.what(), Contains("chmod 600"));
    }
    for (const std::string& wrong :
         {std::string(), std::string("# nothing\n"), text.substr(1), text + "\n" + text,
          "key " + text, std::string(100'000, 'a')}) {
        REQUIRE(error_of([&] {
                    static_cast<void>(read_key_file(write(dir, wrong, 0600)));
                }).code() == Code::invalid_argument);
    }
    REQUIRE(error_of([&] { static_cast<void>(read_key_file(dir.path() / "none")); }).code() ==
            Code::not_found);
    REQUIRE(error_of([&] { static_cast<void>(read_key_file(dir.path())); }).code() ==
            Code::invalid_argument);
}
