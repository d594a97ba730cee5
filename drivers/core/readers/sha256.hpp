#pragma once

#include "drivers/core/bytes.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace phyll {

using Sha256Digest = std::array<unsigned char, 32>;

/// In hexadecimal digits.
[[nodiscard]] std::string to_hex(const Sha256Digest& digest);

/// SHA-256 of bytes that come in parts. Thread rule: one caller at a time.
class Sha256 {
  public:
    Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    ~Sha256();

    void add(std::span<const std::byte> bytes);
    /// Nothing may be added afterwards.
    [[nodiscard]] Sha256Digest digest();

  private:
    struct State; // the library's header is nobody else's concern
    std::unique_ptr<State> state_;
};

[[nodiscard]] Sha256Digest sha256_of(std::span<const std::byte> bytes);
[[nodiscard]] Sha256Digest sha256_of(std::string_view bytes);
/// Of all that a source has, read part by part, in hexadecimal digits. Throws what reading throws,
/// and CANCELLED when asked to stop.
[[nodiscard]] std::string sha256_of(const ByteSource& bytes, const std::stop_token& stop = {});

} // namespace phyll
