#include "tests/unit/journal/journals.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <variant>

using namespace phyll;
using namespace phyll::journal;
using namespace phyll::journal::test;
using Catch::Matchers::Contains;
using phyll::test::TempDir;

namespace {

/// Looks at everything that a journal says, so that a sanitizer sees it too.
void read_all(const Reader& reader) {
    for (std::size_t i = 0; i < reader.size(); ++i) {
        const RecordView record = reader.record(i);
        if (const auto* facts = std::get_if<FactsView>(&record)) {
            const RigEntry& rig = reader.header().rigs.at(facts->rig);
            std::vector<float> x(rig.n_in);
            std::vector<float> y(rig.n_out);
            for (std::size_t k = 0; k < facts->samples; ++k) {
                facts->read_stimulus(k, x);
                facts->read_response(k, y);
                static_cast<void>(facts->hash(k));
                static_cast<void>(facts->time(k));
            }
        } else if (const auto* raw = std::get_if<Raw>(&record)) {
            const std::string type(raw->type);
            const std::vector<std::byte> bytes(raw->bytes.begin(), raw->bytes.end());
            REQUIRE(type.size() + bytes.size() < reader.end());
        } else if (const auto* origins = std::get_if<OriginsView>(&record)) {
            for (std::size_t k = 0; k < origins->samples; ++k) {
                static_cast<void>(origins->origin(k));
            }
        } else {
            REQUIRE(std::get<Mark>(record).text.size() < reader.end());
        }
    }
}

struct Outcome {
    Code code = Code::ok;
    Position end = 0; ///< when it was read
};

/// Opens what is at `path`, which must either be refused by name or read as a part of `original`
/// up to where records end.
Outcome read_or_refuse(const std::filesystem::path& path, const std::vector<std::byte>& original,
                       const std::vector<std::byte>& content) {
    put_content(path, content);
    try {
        const Reader reader(path);
        read_all(reader);
        REQUIRE(reader.end() + reader.torn_bytes() == content.size());
        REQUIRE(std::equal(content.begin(),
                           content.begin() + static_cast<std::ptrdiff_t>(reader.end()),
                           original.begin()));
        return {.end = reader.end()};
    } catch (const Error& error) {
        REQUIRE_THAT(error.what(), Contains(path.string()));
        return {.code = error.code()};
    }
}

} // namespace

TEST_CASE(
    "a journal cut at any byte ends with its last whole record, and is continued from there") {
    const TempDir dir;
    const TestDisk disk;
    const WriterOptions options = options_in(dir.path(), one_rig(), disk);
    const std::vector<Position> ends = write_small(options);
    const std::vector<std::byte> whole = content_of(options.path);
    const OwnedFacts more = some_facts(options.header, 0, 50, 1);
    const SystemClock clock;
    REQUIRE(ends.back() == whole.size());
    for (std::size_t bytes = 0; bytes <= whole.size(); ++bytes) {
        CAPTURE(bytes);
        const std::vector<std::byte> cut(whole.begin(),
                                         whole.begin() + static_cast<std::ptrdiff_t>(bytes));
        const Outcome outcome = read_or_refuse(options.path, whole, cut);
        if (bytes < ends[0]) {
            REQUIRE(outcome.code == (bytes < 8 ? Code::invalid_argument : Code::data_loss));
            REQUIRE(code_of([&] { const Writer writer(options, clock); }) == outcome.code);
            REQUIRE(content_of(options.path) == cut);
            continue;
        }
        const auto next = std::ranges::upper_bound(ends, bytes);
        const auto kept = static_cast<std::size_t>(next - ends.begin()) - 1;
        REQUIRE(outcome.code == Code::ok);
        REQUIRE(outcome.end == ends[kept]);
        {
            Writer writer(options, clock);
            REQUIRE(writer.opened().existed);
            REQUIRE(writer.opened().cut_bytes == bytes - ends[kept]);
            writer.append(more.view());
        }
        const Reader reader(options.path);
        REQUIRE(reader.size() == std::min<std::size_t>(kept, 5) + 1);
        require_same(std::get<FactsView>(reader.record(reader.size() - 1)), more);
    }
}

TEST_CASE("a flipped bit anywhere in a journal that was closed is named") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const std::vector<Position> ends = write_small(options);
    const std::vector<std::byte> whole = content_of(options.path);
    const SystemClock clock;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            CAPTURE(at, bit);
            std::vector<std::byte> content = whole;
            content[at] ^= std::byte{1} << bit;
            const Outcome outcome = read_or_refuse(options.path, whole, content);
            if (at >= ends[5]) {
                // The record that closes the file says nothing that would be missed.
                REQUIRE(outcome.code == Code::ok);
                REQUIRE(outcome.end == ends[5]);
            } else {
                REQUIRE(outcome.code == (at < 8 ? Code::invalid_argument : Code::data_loss));
                if (bit == 0) {
                    REQUIRE(code_of([&] { const Writer writer(options, clock); }) == outcome.code);
                    REQUIRE(content_of(options.path) == content);
                }
            }
        }
    }
}

TEST_CASE("damage is told with its place, what was expected, and why it is no torn tail") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const std::vector<Position> ends = write_small(options);
    std::vector<std::byte> content = content_of(options.path);
    const std::vector<std::byte> whole = content;
    content[ends[1] - 1] ^= std::byte{1};
    put_content(options.path, content);
    CHECK_THROWS_WITH(
        Reader(options.path),
        Contains(options.path.string()) && Contains("damaged at byte " + std::to_string(ends[0])) &&
            Contains("expected a record of 176 bytes with checksum") &&
            Contains("the record at byte " + std::to_string(ends[2]) + " was written after it"));
    content = whole;
    content[ends[0] + 9] = std::byte{0x7f}; // a length that runs on beyond the file
    put_content(options.path, content);
    CHECK_THROWS_WITH(Reader(options.path),
                      Contains("damaged at byte " + std::to_string(ends[0])) &&
                          Contains("expected the head of a record"));
}

TEST_CASE("what a loss of power left of records that were not synced is cut, in whatever order") {
    const TempDir dir;
    TestDisk disk;
    const WriterOptions options = options_in(dir.path(), one_rig(), disk);
    const SystemClock clock;
    std::vector<Position> ends;
    std::vector<std::byte> content;
    std::vector<std::byte> later;
    {
        Writer writer(options, clock);
        const auto append = [&](std::uint64_t number) {
            ends.push_back(writer.append(some_facts(options.header, 0, number, 1).view()));
        };
        disk.hold();
        append(0);
        disk.await_held();
        append(1);
        append(2);
        append(3);
        disk.release();
        writer.sync_through(ends.back());
        content = content_of(options.path);
        append(4);
        writer.sync_through(ends.back());
        later = content_of(options.path);
    }
    REQUIRE(content.size() == ends[3]);
    const auto lose = [&](std::vector<std::byte>& of) {
        std::fill_n(of.begin() + static_cast<std::ptrdiff_t>(ends[1] + 40), 30, std::byte{0});
    };
    const std::vector<std::byte> whole = content;
    lose(content);
    CHECK(read_or_refuse(options.path, whole, content).end == ends[1]);
    // The checkpoint knows that it had been durable.
    CHECK(code_of([&] { const Reader reader(options.path, ends[2]); }) == Code::data_loss);
    WriterOptions known = options;
    known.durable = ends[2];
    CHECK_THROWS_WITH(Writer(known, clock),
                      Contains("damaged at byte " + std::to_string(ends[1])) &&
                          Contains("durable through byte"));
    {
        const Writer writer(options, clock);
        CHECK(writer.opened().cut_bytes == ends[3] - ends[1]);
    }
    // A record that was written after a sync knows it too.
    const std::vector<std::byte> all = later;
    lose(later);
    CHECK(read_or_refuse(options.path, all, later).code == Code::data_loss);
}

TEST_CASE("records of another journal, and records that moved, are not taken for this one's") {
    const TempDir dir;
    const TempDir other;
    const WriterOptions options = options_in(dir.path(), one_rig());
    WriterOptions twin = options_in(other.path(), one_rig());
    twin.header.seed = 43;
    const std::vector<Position> ends = write_small(options);
    static_cast<void>(write_small(twin));
    const std::vector<std::byte> mine = content_of(options.path);
    std::vector<std::byte> mixed = content_of(twin.path);
    std::copy_n(mine.begin(), ends[0], mixed.begin());
    CHECK(read_or_refuse(options.path, mine, mixed).end == ends[0]);

    std::vector<std::byte> repeated(mine.begin(),
                                    mine.begin() + static_cast<std::ptrdiff_t>(ends[1]));
    repeated.insert(repeated.end(), mine.begin() + static_cast<std::ptrdiff_t>(ends[0]),
                    mine.begin() + static_cast<std::ptrdiff_t>(ends[1]));
    CHECK(read_or_refuse(options.path, mine, repeated).end == ends[1]);
}

TEST_CASE("a file of random bytes is refused or ends at once") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const Position header = write_small(options)[0];
    const std::vector<std::byte> whole = content_of(options.path);
    const KeyedRandom random(1, "bytes");
    for (std::uint64_t round = 0; round < 3000; ++round) {
        CAPTURE(round);
        std::vector<std::byte> content(random.below(600, round, 0));
        for (std::size_t i = 0; i < content.size(); ++i) {
            content[i] = static_cast<std::byte>(random.below(256, round, i + 1));
        }
        // A third of them begins as a journal does, a third with all of a header.
        const std::size_t taken = std::array<std::size_t, 3>{0, 8, header}[round % 3];
        std::copy_n(whole.begin(), std::min(taken, content.size()), content.begin());
        const Outcome outcome = read_or_refuse(options.path, whole, content);
        CHECK((outcome.code != Code::ok || outcome.end == header));
    }
}

TEST_CASE("a journal with several damages is refused or read up to the first") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    static_cast<void>(write_small(options));
    const std::vector<std::byte> whole = content_of(options.path);
    const KeyedRandom random(2, "damage");
    for (std::uint64_t round = 0; round < 3000; ++round) {
        CAPTURE(round);
        std::vector<std::byte> content = whole;
        const std::uint64_t damages = 1 + random.below(6, round, 0);
        for (std::uint64_t k = 1; k <= damages && !content.empty(); ++k) {
            const std::uint64_t at = random.below(content.size(), round, 4 * k);
            const std::uint64_t length =
                std::min(content.size() - at, 1 + random.below(40, round, 4 * k + 1));
            const auto begin = content.begin() + static_cast<std::ptrdiff_t>(at);
            switch (random.below(4, round, 4 * k + 2)) {
            case 0:
                content[at] = static_cast<std::byte>(random.bits(round, 4 * k + 3));
                break;
            case 1:
                std::fill_n(begin, length, std::byte{0});
                break;
            case 2:
                content.erase(begin, begin + static_cast<std::ptrdiff_t>(length));
                break;
            default:
                content.insert(begin, length, std::byte{0xff});
            }
        }
        static_cast<void>(read_or_refuse(options.path, whole, content));
    }
}

TEST_CASE("fields that contradict each other under right checksums are refused, not believed") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), every_format());
    const std::vector<Position> ends = write_small(options);
    const std::vector<std::byte> whole = content_of(options.path);
    const KeyedRandom random(3, "fields");
    int refused = 0;
    for (std::uint64_t round = 0; round < 5000; ++round) {
        CAPTURE(round);
        std::vector<std::byte> content = whole;
        const std::size_t record = ends[random.below(5, round, 0)];
        // The 32-bit words of type and of the body's fixed part.
        const std::size_t word =
            std::array<std::size_t, 11>{12, 32, 36, 48, 52, 56, 60, 64, 68, 40, 44}[round % 11];
        const std::uint64_t choice = random.below(3, round, 1);
        const auto value = static_cast<std::uint32_t>(choice == 0 ? random.below(8, round, 2)
                                                                  : random.bits(round, 2));
        std::memcpy(&content[record + word], &value, sizeof value);
        make_checksums_right(content, record);
        put_content(options.path, content);
        try {
            const Reader reader(options.path);
            read_all(reader);
        } catch (const Error& error) {
            ++refused;
            REQUIRE(error.code() == Code::data_loss);
            REQUIRE_THAT(error.what(), Contains("contradict each other"));
        }
    }
    CHECK(refused > 1000);
    CHECK(refused < 5000);
}
