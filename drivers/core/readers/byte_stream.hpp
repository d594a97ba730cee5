#pragma once

#include "drivers/core/bytes.hpp"
#include "drivers/core/readers/data_file.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace phyll {

/// The bytes of a data file in their order, unpacked where they are packed.
class ByteStream {
  public:
    /// `name` is what errors call it.
    explicit ByteStream(std::string name) : name_(std::move(name)) {}
    ByteStream(const ByteStream&) = delete;
    ByteStream& operator=(const ByteStream&) = delete;
    virtual ~ByteStream() = default;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Of the next byte, after unpacking.
    [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
    /// So many bytes there are in all, after unpacking, or fewer.
    [[nodiscard]] virtual std::uint64_t most() const = 0;

    /// Reads as many bytes as there are, at most those of `into`; says how many. Fails when more
    /// come than `most`: an archive may state any size.
    std::size_t read_some(std::span<std::byte> into);
    /// Fills `into` with `what` is expected; fails when there is less.
    void read(std::span<std::byte> into, std::string_view what);

    /// The next `count` bytes of `what`, for later: where they lie, or unpacked in memory.
    /// Fails when there are fewer, before it takes memory for what cannot come.
    struct Kept {
        std::shared_ptr<const ByteSource> bytes;
        std::uint64_t offset;
    };
    [[nodiscard]] virtual Kept keep(std::uint64_t count, std::string_view what);

    /// Fails unless `count` bytes of `what` can follow.
    void expect(std::uint64_t count, std::string_view what) const;
    /// Fails unless everything was read; checks what a packed stream says of itself.
    void end();

    /// Throws INVALID_ARGUMENT: name, byte, reason.
    [[noreturn]] void fail(std::string_view reason) const { fail_at(position_, reason); }
    [[noreturn]] void fail_at(std::uint64_t position, std::string_view reason) const;

  protected:
    /// Reads at least one byte and at most those of `into`, which has some; 0 at the end.
    virtual std::size_t next(std::span<std::byte> into) = 0;
    /// "byte 16", "byte 16 after unpacking"
    [[nodiscard]] virtual std::string place(std::uint64_t position) const;

    /// Passes over bytes that were read otherwise.
    void advance(std::uint64_t count) noexcept { position_ += count; }

  private:
    std::string name_;
    std::uint64_t position_ = 0;
};

/// The content of `file`; unpacked when it is gzip's, of which several may follow each other.
[[nodiscard]] std::unique_ptr<ByteStream> open_stream(const DataFile& file,
                                                      const std::string& name);

/// What unpacking can make of so many bytes: deflate's best is 1032 for one, and a limit of ours.
[[nodiscard]] std::uint64_t most_unpacked(std::uint64_t packed) noexcept;

} // namespace phyll
