#include "drivers/core/readers/sha256.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/hex.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace phyll {
namespace {

constexpr std::size_t piece = std::size_t{1} << 16U;

} // namespace

std::string to_hex(const Sha256Digest& digest) {
    return to_hex(std::as_bytes(std::span(digest)));
}

struct Sha256::State {
    crypto_hash_sha256_state sum;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    crypto_hash_sha256_init(&state_->sum);
}

Sha256::~Sha256() = default;

void Sha256::add(std::span<const std::byte> bytes) {
    crypto_hash_sha256_update(&state_->sum, reinterpret_cast<const unsigned char*>(bytes.data()),
                              bytes.size());
}

Sha256Digest Sha256::digest() {
    Sha256Digest digest{};
    static_assert(sizeof digest == crypto_hash_sha256_BYTES);
    crypto_hash_sha256_final(&state_->sum, digest.data());
    return digest;
}

Sha256Digest sha256_of(std::span<const std::byte> bytes) {
    Sha256 sum;
    sum.add(bytes);
    return sum.digest();
}

Sha256Digest sha256_of(std::string_view bytes) {
    return sha256_of(std::as_bytes(std::span(bytes)));
}

std::string sha256_of(const ByteSource& bytes, const std::stop_token& stop) {
    Sha256 sum;
    std::vector<std::byte> buffer(piece);
    for (std::uint64_t at = 0; at < bytes.size(); at += piece) {
        if (stop.stop_requested()) {
            throw Error(Code::cancelled, "nobody wants the hash any more");
        }
        const std::span<std::byte> part = std::span(buffer).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(piece, bytes.size() - at)));
        bytes.read(at, part);
        sum.add(part);
    }
    return to_hex(sum.digest());
}

} // namespace phyll
