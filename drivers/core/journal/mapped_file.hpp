#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

namespace phyll::journal {

/// The bytes of a file, read as memory.
class MappedFile {
  public:
    /// Maps the first `bytes` bytes, or all there are when these are fewer; by default all. Throws
    /// NOT_FOUND, PERMISSION_DENIED or UNAVAILABLE, naming `path`, when it cannot be read.
    explicit MappedFile(const std::filesystem::path& path,
                        std::optional<std::uint64_t> bytes = std::nullopt);
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return {static_cast<const std::byte*>(data_), size_};
    }

  private:
    void* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace phyll::journal
