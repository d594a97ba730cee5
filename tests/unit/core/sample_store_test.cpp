#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"
#include "drivers/core/sample_store.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace phyll;
using Catch::Matchers::Contains;
using Kind = StorageFormat::Kind;

namespace {

std::vector<float> through(const StorageFormat& format, const std::vector<float>& values) {
    const SampleCodec codec(format, values.size());
    std::vector<std::byte> bytes(codec.bytes());
    codec.encode(values, bytes);
    std::vector<float> back(values.size(), -1.0F);
    codec.decode(bytes, back);
    return back;
}

Code refused(const StorageFormat& format, float value) {
    try {
        static_cast<void>(through(format, {value}));
    } catch (const Error& error) {
        return error.code();
    }
    return Code::ok;
}

} // namespace

TEST_CASE("every format gives back what a rig can return, and takes no more bytes than it says") {
    const std::vector<float> bits{1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0};
    CHECK(through({.kind = Kind::bits}, bits) == bits);
    CHECK(SampleCodec({.kind = Kind::bits}, 11).bytes() == 2);

    std::vector<float> counts;
    std::vector<float> volts;
    for (int n = 0; n < 65536; ++n) {
        if (n < 256) {
            counts.push_back(static_cast<float>(3.0 + 0.1 * n));
        }
        volts.push_back(static_cast<float>(-5.0 + 10.0 / 65535 * n));
    }
    CHECK(through({.kind = Kind::u8, .scale = 0.1, .offset = 3.0}, counts) == counts);
    CHECK(through({.kind = Kind::u16_scaled, .scale = 10.0 / 65535, .offset = -5.0}, volts) ==
          volts);
    CHECK(SampleCodec({.kind = Kind::u8}, 11).bytes() == 11);
    CHECK(SampleCodec({.kind = Kind::u16_scaled}, 11).bytes() == 22);

    const std::vector<float> any{0.1F, -0.0F, std::numeric_limits<float>::denorm_min(),
                                 std::numeric_limits<float>::max(), -INFINITY};
    const std::vector<float> back = through({}, any);
    CHECK(std::memcmp(back.data(), any.data(), any.size() * sizeof(float)) == 0);
    CHECK(SampleCodec({}, 11).bytes() == 44);
}

TEST_CASE("bits lie as documented: the first value in the lowest bit") {
    const SampleCodec codec({.kind = Kind::bits}, 9);
    std::vector<std::byte> bytes(2);
    codec.encode(std::vector<float>{1, 1, 0, 0, 0, 0, 0, 1, 1}, bytes);
    CHECK(bytes == std::vector<std::byte>{std::byte{0x83}, std::byte{0x01}});
}

TEST_CASE("a value that would come back as another is refused") {
    const StorageFormat u8{.kind = Kind::u8, .scale = 0.5, .offset = -1.0};
    CHECK(refused(u8, 0.5F) == Code::ok);
    CHECK(refused(u8, 0.25F) == Code::internal);
    CHECK(refused(u8, std::nextafter(0.5F, 1.0F)) == Code::internal);
    CHECK(refused(u8, -1.5F) == Code::internal);
    CHECK(refused(u8, 126.5F) == Code::ok);
    CHECK(refused(u8, 127.0F) == Code::internal);
    CHECK(refused(u8, NAN) == Code::internal);
    CHECK(refused(u8, INFINITY) == Code::internal);
    CHECK(refused({.kind = Kind::bits}, 0.5F) == Code::internal);
    CHECK(refused({.kind = Kind::u16_scaled}, 65536.0F) == Code::internal);
    CHECK_THROWS_WITH(through(u8, {0.0F, 0.25F}),
                      Contains("0.25") && Contains("channel 1") && Contains("u8, -1 + 0.5 n"));
    CHECK_THROWS_WITH(SampleCodec({.kind = Kind::u8, .scale = 0.0}, 1), Contains("scale"));
    CHECK_THROWS_WITH(SampleCodec({.kind = Kind::u8, .scale = NAN}, 1), Contains("scale"));
}

TEST_CASE("a store keeps samples in order and by place, in every format") {
    const StorageFormat format =
        GENERATE(StorageFormat{.kind = Kind::bits}, StorageFormat{.kind = Kind::u8, .scale = 1.0},
                 StorageFormat{.kind = Kind::u16_scaled, .scale = 1.0}, StorageFormat{});
    const KeyedRandom random(1, "store");
    const auto sample = [&](std::uint64_t i) {
        std::vector<float> values(13);
        for (std::size_t k = 0; k < values.size(); ++k) {
            values[k] = static_cast<float>(random.below(2, i, k));
        }
        return values;
    };
    SampleStore store(format, 13);
    for (std::uint64_t i = 0; i < 100; ++i) {
        store.append(sample(i));
    }
    store.resize(102);
    store.write(101, sample(7));
    store.write(3, sample(8));
    REQUIRE(store.samples() == 102);
    std::vector<float> found(13);
    for (std::uint64_t i = 0; i < 100; ++i) {
        store.read(i, found);
        REQUIRE(found == sample(i == 3 ? 8 : i));
    }
    store.read(100, found);
    CHECK(found == std::vector<float>(13, 0.0F));
    store.read(101, found);
    CHECK(found == sample(7));
}

TEST_CASE("a store that refused a sample goes on as it was") {
    SampleStore store({.kind = Kind::u8}, 2);
    store.append(std::vector<float>{1, 2});
    CHECK_THROWS_AS(store.append(std::vector<float>{1, 0.5F}), Error);
    REQUIRE(store.samples() == 1);
    store.append(std::vector<float>{3, 4});
    std::vector<float> found(2);
    store.read(1, found);
    CHECK(found == std::vector<float>{3, 4});
}

TEST_CASE("bytes beyond the end are neither read nor written") {
    MemoryBytes bytes;
    bytes.resize(4);
    std::array<std::byte, 3> some{std::byte{1}, std::byte{2}, std::byte{3}};
    bytes.write(1, some);
    std::array<std::byte, 4> all{};
    bytes.read(0, all);
    CHECK(all == std::array{std::byte{0}, std::byte{1}, std::byte{2}, std::byte{3}});
    CHECK_THROWS_WITH(bytes.read(2, some), Contains("3 bytes from byte 2"));
    CHECK_THROWS_AS(bytes.write(2, some), Error);
    CHECK_THROWS_AS(bytes.read(UINT64_MAX, some), Error);
    bytes.resize(0);
    CHECK(bytes.size() == 0);
}
