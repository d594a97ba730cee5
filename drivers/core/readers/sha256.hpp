#pragma once

#include "drivers/core/bytes.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace phyll {

/// SHA-256 of bytes that come in parts. Thread rule: one caller at a time.
class Sha256 {
  public:
    Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    ~Sha256();

    void add(std::span<const std::byte> bytes);
    /// In hexadecimal digits. Nothing may be added afterwards.
    [[nodiscard]] std::string digest();

  private:
    struct State; // the library's header is nobody else's concern
    std::unique_ptr<State> state_;
};

/// Of all that a source has, read part by part. Throws what reading throws.
[[nodiscard]] std::string sha256_of(const ByteSource& bytes);

} // namespace phyll
