#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace phyll {

/// Bytes that are read by their place, wherever they are kept.
/// Thread rule: `read` may be called from any thread, several at a time, while nobody writes.
class ByteSource {
  public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;

    [[nodiscard]] virtual std::uint64_t size() const = 0;

    /// Fills `into` with the bytes from `offset` on. Throws OUT_OF_RANGE when there are not as
    /// many, DATA_LOSS when what was there cannot be read any more.
    virtual void read(std::uint64_t offset, std::span<std::byte> into) const = 0;
};

/// Bytes that can be written too. Thread rule: one caller at a time.
class ByteStore : public ByteSource {
  public:
    /// Takes or gives back room at the end; new bytes are 0. Throws RESOURCE_EXHAUSTED when there
    /// is none.
    virtual void resize(std::uint64_t bytes) = 0;

    /// Writes `from` at `offset`, within the size. Throws OUT_OF_RANGE beyond it,
    /// RESOURCE_EXHAUSTED when there is no room.
    virtual void write(std::uint64_t offset, std::span<const std::byte> from) = 0;
};

/// Makes an empty store; an empty function stands for `MemoryBytes`.
using MakeByteStore = std::function<std::unique_ptr<ByteStore>()>;

/// A store in plain memory, all of which is given back when nothing is left in it.
class MemoryBytes final : public ByteStore {
  public:
    MemoryBytes() = default;
    explicit MemoryBytes(std::vector<std::byte> content) : content_(std::move(content)) {}

    [[nodiscard]] std::uint64_t size() const override { return content_.size(); }
    void read(std::uint64_t offset, std::span<std::byte> into) const override;
    void resize(std::uint64_t bytes) override;
    void write(std::uint64_t offset, std::span<const std::byte> from) override;

    [[nodiscard]] std::span<const std::byte> view() const noexcept { return content_; }

  private:
    std::vector<std::byte> content_;
};

/// An empty store from `make`, in memory when there is no `make`.
[[nodiscard]] std::unique_ptr<ByteStore> make_bytes(const MakeByteStore& make);

/// Throws OUT_OF_RANGE unless [offset, offset + count) lies within `size` bytes.
void check_within(std::uint64_t offset, std::uint64_t count, std::uint64_t size);

} // namespace phyll
