#include "daemon/runs/sha256.hpp"

#include <fmt/format.h>
#include <sodium.h>

namespace phyll::runs {

Sha256 sha256(std::string_view bytes) {
    Sha256 digest;
    static_assert(sizeof digest == crypto_hash_sha256_BYTES);
    crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                       bytes.size());
    return digest;
}

std::string to_hex(const Sha256& digest) {
    return fmt::format("{:02x}", fmt::join(digest, ""));
}

} // namespace phyll::runs
