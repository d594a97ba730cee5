#include "drivers/core/readers/byte_stream.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace phyll {
namespace {

constexpr std::uint64_t largest_unpacked = std::uint64_t{8} << 30U;
constexpr std::size_t piece = std::size_t{1} << 16U;
constexpr std::size_t first_room = std::size_t{1} << 20U;

} // namespace

std::uint64_t most_unpacked(std::uint64_t packed) noexcept {
    constexpr std::uint64_t best = 1032;
    return packed > largest_unpacked / best ? largest_unpacked : packed * best;
}

std::size_t ByteStream::read_some(std::span<std::byte> into) {
    std::size_t count = 0;
    while (count < into.size()) {
        const std::size_t more = next(into.subspan(count));
        if (more == 0) {
            break;
        }
        count += more;
        position_ += more;
        if (position_ > most()) {
            fail_at(most(), "more follows than can: its size is stated wrongly");
        }
    }
    return count;
}

void ByteStream::read(std::span<std::byte> into, std::string_view what) {
    if (read_some(into) < into.size()) {
        fail(fmt::format("it ends in the middle of {}", what));
    }
}

ByteStream::Kept ByteStream::keep(std::uint64_t count, std::string_view what) {
    expect(count, what);
    // As much memory as came already, and as much again: a size that is a lie takes none.
    std::vector<std::byte> content;
    while (content.size() < count) {
        const std::size_t have = content.size();
        const std::uint64_t room = std::max<std::uint64_t>(first_room, have);
        content.resize(have + static_cast<std::size_t>(std::min(room, count - have)));
        read(std::span(content).subspan(have), what);
    }
    return {std::make_shared<MemoryBytes>(std::move(content)), 0};
}

void ByteStream::expect(std::uint64_t count, std::string_view what) const {
    if (count > most() - position_) {
        fail(fmt::format("{} take {} bytes, but no more than {} can follow", what, count,
                         most() - position_));
    }
}

void ByteStream::end() {
    std::byte more{};
    const std::uint64_t here = position_;
    if (read_some({&more, 1}) != 0) {
        fail_at(here, "more follows than its header announces");
    }
}

void ByteStream::fail_at(std::uint64_t position, std::string_view reason) const {
    throw Error(Code::invalid_argument, fmt::format("{}, {}: {}", name_, place(position), reason));
}

std::string ByteStream::place(std::uint64_t position) const {
    return fmt::format("byte {}", position);
}

namespace {

/// Bytes as they are.
class PlainStream final : public ByteStream {
  public:
    PlainStream(DataFile file, std::string name)
        : ByteStream(std::move(name)), file_(std::move(file)) {}

    [[nodiscard]] std::uint64_t most() const override { return file_.size(); }
    [[nodiscard]] Kept keep(std::uint64_t count, std::string_view what) override {
        expect(count, what);
        const Kept kept{file_.bytes(), position()};
        advance(count);
        return kept;
    }

  protected:
    std::size_t next(std::span<std::byte> into) override {
        const std::uint64_t left = file_.size() - position();
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, into.size()));
        file_.bytes()->read(position(), into.first(count));
        return count;
    }

  private:
    DataFile file_;
};

/// What gzip packed.
class GzipStream final : public ByteStream {
  public:
    GzipStream(DataFile file, std::string name)
        : ByteStream(std::move(name)), file_(std::move(file)), packed_(piece) {
        constexpr int gzip_only = 16;
        if (inflateInit2(&state_, gzip_only + MAX_WBITS) != Z_OK) {
            throw Error(Code::resource_exhausted, "no memory to unpack a file");
        }
    }
    ~GzipStream() override { inflateEnd(&state_); }

    [[nodiscard]] std::uint64_t most() const override { return most_unpacked(file_.size()); }

  protected:
    std::size_t next(std::span<std::byte> into) override {
        const std::size_t most_at_once = std::min(into.size(), std::size_t{1} << 30U);
        state_.next_out = reinterpret_cast<Bytef*>(into.data());
        state_.avail_out = static_cast<uInt>(most_at_once);
        while (state_.avail_out == most_at_once && !over_) {
            step();
        }
        return most_at_once - state_.avail_out;
    }
    [[nodiscard]] std::string place(std::uint64_t position) const override {
        return fmt::format("byte {} after unpacking", position);
    }

  private:
    /// Unpacks what there is room for.
    void step() {
        if (state_.avail_in == 0) {
            fetch();
        }
        if (between_members_) {
            over_ = state_.avail_in == 0;
            if (over_) {
                return;
            }
            inflateReset(&state_);
            between_members_ = false;
        }
        if (state_.avail_in == 0) {
            fail_packed("it ends in the middle of what gzip packed");
        }
        const int status = inflate(&state_, Z_NO_FLUSH);
        if (status == Z_STREAM_END) {
            between_members_ = true;
        } else if (status != Z_OK) {
            fail_packed(fmt::format("gzip cannot unpack it: {}",
                                    state_.msg == nullptr ? "it is damaged" : state_.msg));
        }
    }

    void fetch() {
        const std::uint64_t left = file_.size() - fetched_;
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, packed_.size()));
        file_.bytes()->read(fetched_, std::span(packed_).first(count));
        fetched_ += count;
        state_.next_in = reinterpret_cast<Bytef*>(packed_.data());
        state_.avail_in = static_cast<uInt>(count);
    }

    [[noreturn]] void fail_packed(std::string_view reason) const {
        throw Error(Code::invalid_argument,
                    fmt::format("{}, byte {}: {}", name(), fetched_ - state_.avail_in, reason));
    }

    DataFile file_;
    std::vector<std::byte> packed_;
    std::uint64_t fetched_ = 0;
    z_stream state_{};
    bool between_members_ = false;
    bool over_ = false;
};

} // namespace

std::unique_ptr<ByteStream> open_stream(const DataFile& file, const std::string& name) {
    constexpr std::array magic{std::byte{0x1f}, std::byte{0x8b}};
    std::array<std::byte, magic.size()> first{};
    if (file.size() >= first.size()) {
        file.bytes()->read(0, first);
    }
    if (first == magic) {
        return std::make_unique<GzipStream>(file, name);
    }
    return std::make_unique<PlainStream>(file, name);
}

} // namespace phyll
