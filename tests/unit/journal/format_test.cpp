#include "tests/unit/journal/journals.hpp"

#include <catch2/catch.hpp>

#include <cstring>

using namespace phyll;
using namespace phyll::journal;
using namespace phyll::journal::test;
using Catch::Matchers::Contains;
using phyll::test::TempDir;

namespace {

/// Reads by place, as docs/journal.md has it, and by nothing of the library.
struct ByHand {
    std::vector<std::byte> file;

    template <class T>
    [[nodiscard]] T at(std::size_t offset) const {
        T value;
        REQUIRE(offset + sizeof value <= file.size());
        std::memcpy(&value, &file[offset], sizeof value);
        return value;
    }
    [[nodiscard]] std::uint32_t u32(std::size_t offset) const { return at<std::uint32_t>(offset); }
    [[nodiscard]] std::uint64_t u64(std::size_t offset) const { return at<std::uint64_t>(offset); }
    [[nodiscard]] std::string text(std::size_t offset, std::size_t length) const {
        REQUIRE(offset + length <= file.size());
        return {reinterpret_cast<const char*>(&file[offset]), length};
    }
};

} // namespace

TEST_CASE("the header lies as documented") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const std::vector<Position> ends = write_small(options);
    const ByHand by{content_of(options.path)};
    CHECK(by.text(0, 8) == "PHYLLJRN");
    CHECK(by.u32(8) == 1);
    CHECK(by.u32(12) == ends[0]);
    CHECK(by.u64(16) == 42);
    CHECK(by.at<std::uint8_t>(24) == 0xab);
    CHECK(by.u32(56) == 1);
    CHECK(by.u32(60) == 0);
    CHECK(by.u32(64) == 1);
    CHECK(by.text(68, 4) == std::string("7\0\0\0", 4));
    CHECK(by.u32(72) == 9);
    CHECK(by.text(76, 12) == std::string("x86-64-v3\0\0\0", 12));
    CHECK(by.u32(88) == 4);
    CHECK(by.text(92, 4) == "echo");
    CHECK(by.u32(96) == 4);
    CHECK(by.text(100, 4) == "echo");
    CHECK(by.u32(104) == 3);
    CHECK(by.u32(108) == 2);
    CHECK(by.u32(112) == 3);
    CHECK(by.at<double>(120) == 1.0);
    CHECK(by.at<double>(128) == 0.0);
    CHECK(by.u32(136) == 3);
    CHECK(by.u32(12) == 168);
    CHECK(by.u32(160) == 0);
    CHECK(by.u32(164) == crc32_by_bits(0, std::span(by.file).first(164)));
}

TEST_CASE("records lie as documented") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const std::vector<Position> ends = write_small(options);
    const ByHand by{content_of(options.path)};
    const OwnedFacts facts = some_facts(options.header, 0, 0, 2);
    std::size_t at = ends[0];
    for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
        at = ends[i];
        CAPTURE(i);
        const std::span<const std::byte> record = std::span(by.file).subspan(at, by.u32(at + 8));
        CHECK(by.u64(at) == at);
        CHECK(at + record.size() == ends[i + 1]);
        CHECK(by.u32(at + 12) == std::vector<std::uint32_t>{1, 2, 3, 1, 5, 4}[i]);
        CHECK(by.u64(at + 16) <= at);
        const std::uint32_t header = by.u32(164);
        CHECK(by.u32(at + 28) == crc32_by_bits(header, record.subspan(32)));
        CHECK(by.u32(at + 24) ==
              crc32_by_bits(crc32_by_bits(header, record.first(24)), record.subspan(28, 4)));
    }
    CHECK(by.u64(at + 16) == at); // the record that closes the file

    at = ends[0];
    CHECK(by.u32(at + 32) == 0);
    CHECK(by.u32(at + 36) == 0);
    CHECK(by.u64(at + 40) == facts.key);
    CHECK(by.u64(at + 48) == 0);
    CHECK(by.u32(at + 56) == 2);
    CHECK(by.u32(at + 60) == facts.layer);
    CHECK(by.u32(at + 64) == 3);
    CHECK(by.u32(at + 68) == 2);
    CHECK(by.at<StimulusHash>(at + 88) == facts.hashes[1]);
    CHECK(by.at<std::int64_t>(at + 104) ==
          facts.times[0].start.time_since_epoch() / std::chrono::nanoseconds(1));
    CHECK(by.at<std::int64_t>(at + 112) == by.at<std::int64_t>(at + 104) + 1);
    CHECK(by.at<float>(at + 136 + 12) == facts.stimuli.view().sample(1)[0]);
    CHECK(by.at<float>(at + 160 + 8) == facts.responses.view().sample(1)[0]);
    CHECK(ends[1] == at + 176);

    at = ends[1];
    CHECK(by.u64(at + 40) == 1);
    CHECK(by.u32(at + 48) == 5);
    CHECK(by.u32(at + 52) == 1);
    CHECK(by.u64(at + 56) == 3);
    CHECK(by.text(at + 64, 5) == "frame");
    CHECK(by.text(at + 72, 3) == "\1\2\3");
    CHECK(ends[2] == at + 80);

    at = ends[2];
    CHECK(by.u32(at + 32) == 1);
    CHECK(by.u32(at + 36) == 0);
    CHECK(by.u64(at + 40) == 2);
    CHECK(by.u32(at + 48) == 3);
    CHECK(by.u32(at + 52) == 8);
    CHECK(by.at<double>(at + 56) == 0.0);
    CHECK(by.text(at + 72, 8) == "lid open");
    CHECK(ends[3] == at + 80);

    at = ends[4];
    CHECK(by.u32(at + 32) == 0);
    CHECK(by.u32(at + 36) == 0);
    CHECK(by.u64(at + 40) == 1);
    CHECK(by.u32(at + 48) == 2);
    CHECK(by.u32(at + 52) == 1);
    CHECK(by.u32(at + 56) == 5);
    CHECK(by.u32(at + 60) == 1);
    CHECK(by.u64(at + 64) == UINT64_MAX);
    CHECK(ends[5] == at + 72);
}

TEST_CASE("what is no journal, and what a newer program wrote, is named and left alone") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const SystemClock clock;
    const auto refused = [&](const std::vector<std::byte>& content) {
        put_content(options.path, content);
        const Code reading = code_of([&] { const Reader reader(options.path); });
        CHECK(code_of([&] { const Writer writer(options, clock); }) == reading);
        CHECK(content_of(options.path) == content);
        return reading;
    };
    CHECK(refused({}) == Code::invalid_argument);
    CHECK(refused(std::vector<std::byte>(5000, std::byte{'P'})) == Code::invalid_argument);

    put_content(options.path, {});
    std::filesystem::remove(options.path);
    static_cast<void>(write_small(options));
    std::vector<std::byte> content = content_of(options.path);
    content[8] = std::byte{2};
    const std::uint32_t sum = crc32_by_bits(0, std::span(content).first(164));
    std::memcpy(&content[164], &sum, sizeof sum);
    CHECK(refused(content) == Code::failed_precondition);
    CHECK_THROWS_WITH(Reader(options.path), Contains(options.path.string()) &&
                                                Contains("format version 2") &&
                                                Contains("reads 1"));
    CHECK(code_of([&] { const Reader reader(dir.path() / "none"); }) == Code::not_found);
    CHECK(code_of([&] { const Reader reader(dir.path()); }) == Code::unavailable);
}

TEST_CASE("the journal of another run is refused, with every difference") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), every_format());
    static_cast<void>(write_small(options));
    const std::vector<std::byte> content = content_of(options.path);
    const SystemClock clock;
    WriterOptions other = options;
    other.header.run = "8";
    other.header.seed = 43;
    other.header.configuration_hash[31] = 1;
    other.header.rigs[1].n_in = 6;
    other.header.rigs[2].response_storage.scale = 1.0;
    CHECK_THROWS_WITH(Writer(other, clock),
                      Contains(options.path.string()) && Contains("run: '7', not '8'") &&
                          Contains("seed: 42, not 43") && Contains("configuration: ab00") &&
                          Contains("n_in of rig 'u8': 5, not 6") &&
                          Contains("how responses of rig 'u16' are stored"));
    other = options;
    other.header.rigs.pop_back();
    CHECK_THROWS_WITH(Writer(other, clock), Contains("number of rigs: 4, not 3"));
    CHECK(content_of(options.path) == content);

    other = options;
    other.header.kernel_level = "x86-64";
    const Writer writer(other, clock);
    CHECK(writer.opened().kernel_level == "x86-64-v3");
}
