#include "drivers/core/keys/key.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/hex.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <sodium.h>

namespace phyll {
namespace {

unsigned char* raw(std::array<std::byte, 32>& bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

const unsigned char* raw(const std::array<std::byte, 32>& bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

} // namespace

std::string PublicKey::text() const {
    return to_hex(bytes);
}

std::optional<PublicKey> PublicKey::parse(std::string_view text) {
    PublicKey key;
    return from_hex(text, key.bytes) ? std::optional(key) : std::nullopt;
}

PublicKey PublicKey::read(const std::string& field, const std::string& text) {
    if (const auto key = parse(text)) {
        return *key;
    }
    throw invalid_field(field, fmt::format("{}; a public key has 64 hexadecimal digits, as "
                                           "'phyllctl key show' prints it",
                                           text.empty() ? "is empty" : in_quotes(text)));
}

SecretKey::~SecretKey() {
    sodium_memzero(bytes_.data(), bytes_.size());
}

PublicKey SecretKey::public_key() const {
    PublicKey key;
    if (crypto_scalarmult_base(raw(key.bytes), raw(bytes_)) != 0) {
        throw Error(Code::internal, "a secret key has no public one");
    }
    return key;
}

SecretKey new_secret_key() {
    if (sodium_init() < 0) {
        throw Error(Code::internal, "the system gives no random numbers");
    }
    std::array<std::byte, 32> bytes{};
    PublicKey of_it;
    crypto_box_keypair(raw(of_it.bytes), raw(bytes));
    SecretKey secret(bytes);
    sodium_memzero(bytes.data(), bytes.size());
    return secret;
}

} // namespace phyll
