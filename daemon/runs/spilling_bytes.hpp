#pragma once

#include "daemon/runs/nameless_file.hpp"
#include "drivers/core/bytes.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>

namespace phyll::runs {

/// Bytes that are kept in memory while they are few, and in a file when they become many: a file
/// without a name in `folder`, which is gone with its process, however that ends. Written and read
/// by the kernel's page cache, not mapped: it takes no memory of the process, and a full disk is an
/// error, not the end of the process.
class SpillingBytes final : public ByteStore {
  public:
    static constexpr std::size_t usual_limit = std::size_t{64} << 20U;

    /// Up to `most_in_memory` bytes stay in memory.
    explicit SpillingBytes(std::filesystem::path folder, std::size_t most_in_memory = usual_limit)
        : folder_(std::move(folder)), most_in_memory_(most_in_memory) {}

    [[nodiscard]] std::uint64_t size() const override { return size_; }
    /// Throws DATA_LOSS when the disk fails.
    void read(std::uint64_t offset, std::span<std::byte> into) const override;
    /// Throws RESOURCE_EXHAUSTED when the disk is full, UNAVAILABLE when the folder takes no file.
    void resize(std::uint64_t bytes) override;
    void write(std::uint64_t offset, std::span<const std::byte> from) override;

    [[nodiscard]] bool in_file() const noexcept { return file_ != nullptr; }

  private:
    void spill();

    std::filesystem::path folder_;
    std::size_t most_in_memory_;
    std::uint64_t size_ = 0;
    MemoryBytes memory_;                 ///< until it is too small
    std::unique_ptr<NamelessFile> file_; ///< null: all is in memory
};

/// Makes stores that spill into `folder`.
[[nodiscard]] MakeByteStore spill_into(std::filesystem::path folder);

} // namespace phyll::runs
