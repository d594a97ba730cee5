#pragma once

#include "drivers/core/descriptor.hpp"
#include "drivers/core/readers/sha256.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stop_token>
#include <string>

namespace phyll::runs {

/// What has come of an upload: a file that grows at its end and knows its hash. Thread rule: one
/// caller at a time.
class PartFile {
  public:
    /// Opens the file, or makes it; what is in it already is read once. Throws as `write_file`
    /// does, and CANCELLED when asked to stop.
    explicit PartFile(std::filesystem::path path, const std::stop_token& stop = {});

    /// Bytes that are there.
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    /// Appends all of it, or nothing: throws RESOURCE_EXHAUSTED on a full disk.
    void append(std::span<const std::byte> bytes);
    /// Of all that is there, in hexadecimal digits. Nothing may be appended afterwards.
    [[nodiscard]] std::string sha256() { return to_hex(sum_.digest()); }

  private:
    std::filesystem::path path_;
    Descriptor file_;
    Sha256 sum_;
    std::uint64_t size_ = 0;
};

} // namespace phyll::runs
