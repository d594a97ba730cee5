#include "tests/unit/journal/journals.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <fstream>
#include <iterator>

namespace phyll::journal::test {
namespace {

using Kind = StorageFormat::Kind;

/// A value that the format keeps.
float storable(const StorageFormat& format, const KeyedRandom& random, std::uint64_t a,
               std::uint64_t b) {
    const auto of = [&](std::uint64_t levels) {
        return static_cast<float>(format.offset +
                                  format.scale * static_cast<double>(random.below(levels, a, b)));
    };
    switch (format.kind) {
    case Kind::bits:
        return static_cast<float>(random.below(2, a, b));
    case Kind::u8:
        return of(256);
    case Kind::u16_scaled:
        return of(65536);
    case Kind::float32:
        break;
    }
    return static_cast<float>(random.normal(a, b));
}

OwnedBlock some_block(std::size_t channels, std::size_t samples, const StorageFormat& format,
                      const KeyedRandom& random, std::uint64_t first) {
    OwnedBlock block(channels, samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < channels; ++k) {
            block.sample(i)[k] = storable(format, random, first + i, k);
        }
    }
    return block;
}

Clock::Wall at_nanosecond(std::int64_t count) {
    return Clock::Wall(
        std::chrono::duration_cast<Clock::Wall::duration>(std::chrono::nanoseconds(count)));
}

RigEntry rig(std::string name, std::uint32_t n_in, std::uint32_t n_out, StorageFormat stimulus,
             StorageFormat response) {
    return {.name = std::move(name),
            .kind = "echo",
            .n_in = n_in,
            .n_out = n_out,
            .stimulus_storage = stimulus,
            .response_storage = response};
}

} // namespace

Facts OwnedFacts::view() const {
    return {.rig = rig,
            .purpose = purpose,
            .key = key,
            .first_number = first_number,
            .layer = layer,
            .era = era,
            .stimuli = stimuli.view(),
            .responses = responses.view(),
            .hashes = hashes,
            .times = times};
}

Header one_rig() {
    Header header{
        .run = "7", .seed = 42, .kernel_level = "x86-64-v3", .rigs = {rig("echo", 3, 2, {}, {})}};
    header.configuration_hash[0] = 0xab;
    return header;
}

Header every_format() {
    Header header = one_rig();
    header.rigs = {
        rig("bits", 11, 3, {.kind = Kind::bits}, {.kind = Kind::bits}),
        rig("u8", 5, 7, {}, {.kind = Kind::u8, .scale = 0.5, .offset = -3.0}),
        rig("u16", 2, 9, {}, {.kind = Kind::u16_scaled, .scale = 10.0 / 65535, .offset = -5.0}),
        rig("float", 4, 1, {}, {}),
    };
    return header;
}

OwnedFacts some_facts(const Header& header, std::uint32_t rig, std::uint64_t first_number,
                      std::size_t samples, std::uint64_t seed) {
    const RigEntry& entry = header.rigs[rig];
    const KeyedRandom x(seed, entry.name + " stimuli");
    const KeyedRandom y(seed, entry.name + " responses");
    const KeyedRandom rest(seed, entry.name + " rest");
    OwnedFacts facts{
        .rig = rig,
        .purpose = Purpose::training,
        .key = rest.bits(0),
        .first_number = first_number,
        .layer = static_cast<std::uint32_t>(rest.below(5, first_number, 1)),
        .era = 3,
        .stimuli = some_block(entry.n_in, samples, entry.stimulus_storage, x, first_number),
        .responses = some_block(entry.n_out, samples, entry.response_storage, y, first_number),
        .hashes = std::vector<StimulusHash>(samples),
        .times = {}};
    for (std::size_t i = 0; i < samples; ++i) {
        const std::uint64_t bits = rest.bits(first_number + i, 2);
        std::memcpy(facts.hashes[i].data() + 3, &bits, sizeof bits);
        const auto start = static_cast<std::int64_t>(1'700'000'000'000'000'007 + bits % 1'000'000);
        facts.times.push_back({at_nanosecond(start), at_nanosecond(start + 1)});
    }
    return facts;
}

void require_same(const FactsView& found, const OwnedFacts& expected) {
    REQUIRE(found.rig == expected.rig);
    REQUIRE(found.purpose == expected.purpose);
    REQUIRE(found.key == expected.key);
    REQUIRE(found.first_number == expected.first_number);
    REQUIRE(found.layer == expected.layer);
    REQUIRE(found.era == expected.era);
    REQUIRE(found.samples == expected.stimuli.samples());
    std::vector<float> x(expected.stimuli.channels());
    std::vector<float> y(expected.responses.channels());
    for (std::size_t i = 0; i < found.samples; ++i) {
        REQUIRE(found.hash(i) == expected.hashes[i]);
        REQUIRE(found.time(i).has_value() == !expected.times.empty());
        if (!expected.times.empty()) {
            REQUIRE(*found.time(i) == expected.times[expected.times.size() == 1 ? 0 : i]);
        }
        found.read_stimulus(i, x);
        found.read_response(i, y);
        REQUIRE(std::ranges::equal(x, expected.stimuli.sample(i)));
        REQUIRE(std::ranges::equal(y, expected.responses.sample(i)));
    }
}

std::vector<Position> write_small(const WriterOptions& options) {
    const SystemClock clock;
    Writer writer(options, clock);
    const std::vector<std::byte> raw{std::byte{1}, std::byte{2}, std::byte{3}};
    std::vector<Position> ends{writer.end()};
    ends.push_back(writer.append(some_facts(options.header, 0, 0, 2).view()));
    ends.push_back(writer.append(Raw{.first_number = 1, .type = "frame", .bytes = raw}));
    writer.sync_through(ends.back());
    ends.push_back(writer.append(
        Mark{.kind = MarkKind::touched, .rig = 0, .number = 2, .era = 3, .text = "lid open"}));
    ends.push_back(writer.append(some_facts(options.header, 0, 2, 1).view()));
    const std::vector<Origin> origins{{.sample = 5, .label = 1}, {}};
    ends.push_back(
        writer.append(Origins{.first_number = 1, .split = Split::test, .samples = origins}));
    writer.close();
    ends.push_back(writer.end());
    return ends;
}

WriterOptions options_in(const std::filesystem::path& folder, const Header& header,
                         const TestDisk& disk) {
    return {.path = folder / "journal",
            .header = header,
            .max_bytes_key = "runs.journal_bytes",
            .open = disk.open()};
}

std::vector<std::byte> content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

void put_content(const std::filesystem::path& path, const std::vector<std::byte>& content) {
    // Not emptied first: file systems flush a file that is replaced like that when it is closed.
    std::ofstream(path, std::ios::binary | std::ios::app).close();
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.write(reinterpret_cast<const char*>(content.data()),
               static_cast<std::streamsize>(content.size()));
    file.close();
    std::filesystem::resize_file(path, content.size());
}

std::uint32_t crc32_by_bits(std::uint32_t from, std::span<const std::byte> bytes) {
    std::uint32_t crc = ~from;
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
        }
    }
    return ~crc;
}

void make_checksums_right(std::vector<std::byte>& file, std::size_t at) {
    const auto get = [&](std::size_t offset) {
        std::uint32_t value = 0;
        std::memcpy(&value, &file[offset], sizeof value);
        return value;
    };
    const std::uint32_t header = get(get(12) - 4);
    const std::span<std::byte> record = std::span(file).subspan(at, get(at + 8));
    const std::uint32_t body = crc32_by_bits(header, record.subspan(32));
    std::memcpy(&record[28], &body, sizeof body);
    const std::uint32_t head =
        crc32_by_bits(crc32_by_bits(header, record.first(24)), record.subspan(28, 4));
    std::memcpy(&record[24], &head, sizeof head);
}

} // namespace phyll::journal::test
