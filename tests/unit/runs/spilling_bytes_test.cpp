#include "daemon/runs/spilling_bytes.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/sample_store.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace phyll;
using runs::SpillingBytes;

namespace {

std::vector<std::byte> pattern(std::size_t count, unsigned from) {
    std::vector<std::byte> bytes(count);
    for (std::size_t i = 0; i < count; ++i) {
        bytes[i] = static_cast<std::byte>((from + i) % 251);
    }
    return bytes;
}

std::vector<std::byte> read(const SpillingBytes& store, std::uint64_t offset, std::size_t count) {
    std::vector<std::byte> bytes(count);
    store.read(offset, bytes);
    return bytes;
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
        ++count;
    }
    return count;
}

} // namespace

TEST_CASE("bytes go from memory to a file when they become many, and stay what they are") {
    const test::TempDir folder;
    const std::size_t before = open_descriptors();
    {
        SpillingBytes store(folder.path(), 1000);
        store.resize(1000);
        store.write(0, pattern(1000, 0));
        REQUIRE_FALSE(store.in_file());
        store.resize(1500);
        REQUIRE(store.in_file());
        REQUIRE(store.size() == 1500);
        CHECK(read(store, 0, 1000) == pattern(1000, 0));
        CHECK(read(store, 1000, 500) == std::vector<std::byte>(500));
        store.write(900, pattern(600, 7));
        CHECK(read(store, 0, 900) == pattern(900, 0));
        CHECK(read(store, 900, 600) == pattern(600, 7));
        // The file has no name, so that nothing is left of it after a crash.
        CHECK(std::filesystem::is_empty(folder.path()));
        store.resize(10);
        CHECK(read(store, 0, 10) == pattern(10, 0));
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("nothing beyond the end is read or written, in memory or in a file") {
    const test::TempDir folder;
    for (const std::size_t limit : {std::size_t{0}, std::size_t{100}}) {
        SpillingBytes store(folder.path(), limit);
        store.resize(100);
        REQUIRE(store.in_file() == (limit == 0));
        CHECK_THROWS_AS(read(store, 95, 6), Error);
        CHECK_THROWS_AS(store.write(95, pattern(6, 0)), Error);
    }
}

TEST_CASE("a store that finds no place for its file says so and keeps what it has") {
    const test::TempDir folder;
    SpillingBytes store(folder.path() / "none", 10);
    store.resize(10);
    store.write(0, pattern(10, 3));
    try {
        store.resize(11);
        FAIL("there is no such folder");
    } catch (const Error& error) {
        CHECK(error.code() == Code::unavailable);
        CHECK(std::string(error.what()).find("none") != std::string::npos);
    }
    CHECK(read(store, 0, 10) == pattern(10, 3));
}

TEST_CASE("room that no disk has is refused, and nothing changes") {
    const test::TempDir folder;
    SpillingBytes store(folder.path(), 0);
    try {
        store.resize(std::uint64_t{1} << 62U);
        FAIL("no file is that long");
    } catch (const Error& error) {
        CHECK(error.code() == Code::resource_exhausted);
    }
    CHECK(store.size() == 0);
}

TEST_CASE("a store of samples works in a file as it does in memory") {
    const test::TempDir folder;
    SampleStore store({.kind = StorageFormat::Kind::u8}, 7,
                      std::make_unique<SpillingBytes>(folder.path(), 50));
    const auto sample = [](std::size_t i) {
        std::vector<float> values(7);
        for (std::size_t k = 0; k < values.size(); ++k) {
            values[k] = static_cast<float>((31 * i + k) % 256);
        }
        return values;
    };
    for (std::size_t i = 0; i < 100; ++i) {
        store.append(sample(i));
    }
    std::vector<float> found(7);
    for (std::size_t i = 0; i < 100; ++i) {
        store.read(i, found);
        REQUIRE(found == sample(i));
    }
}
