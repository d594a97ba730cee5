#include "tests/unit/journal/journals.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace phyll;
using namespace phyll::journal;
using namespace phyll::journal::test;
using Catch::Matchers::Contains;
using phyll::test::TempDir;

TEST_CASE("a journal goes on where it ended") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const SystemClock clock;
    for (std::uint64_t round = 0; round < 5; ++round) {
        Writer writer(options, clock);
        CHECK(writer.opened().existed == (round > 0));
        CHECK(writer.opened().cut_bytes == 0);
        CHECK(writer.end() == writer.synced());
        writer.append(some_facts(options.header, 0, round, 1).view());
    }
    const Reader reader(options.path);
    REQUIRE(reader.size() == 5);
    for (std::uint64_t round = 0; round < 5; ++round) {
        require_same(std::get<FactsView>(reader.record(round)),
                     some_facts(options.header, 0, round, 1));
    }
}

TEST_CASE("what a process that died had not closed is kept") {
    const TempDir dir;
    const TempDir after;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const WriterOptions survivor = options_in(after.path(), one_rig());
    const SystemClock clock;
    Writer writer(options, clock);
    const Position end = writer.append(some_facts(options.header, 0, 0, 2).view());
    writer.sync_through(end);
    std::filesystem::copy_file(options.path, survivor.path);
    {
        const Reader reader(survivor.path);
        CHECK_FALSE(reader.closed());
        CHECK(reader.end() == end);
    }
    const Writer next(survivor, clock);
    CHECK(next.opened().existed);
    CHECK(next.opened().cut_bytes == 0);
    CHECK(next.end() == end);
}

TEST_CASE("a journal that lost what a checkpoint stands on is refused") {
    const TempDir dir;
    WriterOptions options = options_in(dir.path(), one_rig());
    const std::vector<Position> ends = write_small(options);
    const SystemClock clock;
    options.durable = ends[2];
    CHECK_NOTHROW(Writer(options, clock));
    std::filesystem::resize_file(options.path, ends[2] - 1);
    CHECK_THROWS_WITH(Writer(options, clock),
                      Contains(options.path.string()) &&
                          Contains("durable through byte " + std::to_string(ends[2])));
    CHECK(std::filesystem::file_size(options.path) == ends[2] - 1);
    std::filesystem::resize_file(options.path, ends[1]);
    CHECK(code_of([&] { Writer(options, clock); }) == Code::data_loss);
    CHECK(code_of([&] { Reader(options.path, ends[2]); }) == Code::data_loss);
    std::filesystem::remove(options.path);
    CHECK_THROWS_WITH(Writer(options, clock), Contains("is missing"));
}

TEST_CASE("only one writes") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const SystemClock clock;
    Writer writer(options, clock);
    CHECK(code_of([&] { const Writer second(options, clock); }) == Code::failed_precondition);
    writer.append(Mark{.text = "still here"});
    CHECK_NOTHROW(writer.close());
}

TEST_CASE("a closed journal takes nothing, and says once that it is closed") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const SystemClock clock;
    Position end = 0;
    {
        Writer writer(options, clock);
        const Position last = writer.append(Mark{});
        writer.close();
        end = writer.end();
        CHECK(end == last + 32);
        writer.close();
        CHECK(writer.end() == end);
        CHECK(code_of([&] { writer.append(Mark{}); }) == Code::failed_precondition);
        CHECK_NOTHROW(writer.sync_through(end));
    }
    {
        const Writer again(options, clock);
    }
    CHECK(std::filesystem::file_size(options.path) == end);
    const Reader reader(options.path);
    CHECK(reader.closed());
    CHECK(reader.size() == 1);
}

TEST_CASE("records of several threads are all there, each thread's in its order") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const SystemClock clock;
    constexpr std::uint64_t per_thread = 300;
    {
        Writer writer(options, clock);
        const auto work = [&](std::uint64_t thread) {
            Position last = 0;
            for (std::uint64_t i = 0; i < per_thread; ++i) {
                const std::uint64_t number = thread * 1000 + i;
                const Position end = writer.append(some_facts(options.header, 0, number, 1).view());
                if (end <= last) {
                    throw Error(Code::internal, "positions went backwards");
                }
                last = end;
                if (i % 50 == 49) {
                    writer.sync_through(end);
                    if (writer.synced() < end) {
                        throw Error(Code::internal, "not synced");
                    }
                }
            }
        };
        std::vector<std::jthread> threads;
        for (std::uint64_t thread = 0; thread < 4; ++thread) {
            threads.emplace_back(work, thread);
        }
    }
    const Reader reader(options.path);
    REQUIRE(reader.size() == 4 * per_thread);
    std::array<std::uint64_t, 4> next{};
    for (std::size_t i = 0; i < reader.size(); ++i) {
        const auto facts = std::get<FactsView>(reader.record(i));
        std::uint64_t& expected = next.at(facts.first_number / 1000);
        REQUIRE(facts.first_number % 1000 == expected);
        ++expected;
        require_same(facts, some_facts(options.header, 0, facts.first_number, 1));
    }
}

TEST_CASE("a journal that is being written can be read through what is durable, and not beyond") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const SystemClock clock;
    Writer writer(options, clock);
    CHECK_THROWS_WITH(Reader(options.path),
                      Contains(options.path.string()) && Contains("is being written"));
    std::jthread appending([&] {
        for (std::uint64_t i = 0; i < 2000; ++i) {
            writer.append(some_facts(options.header, 0, i, 1).view());
        }
    });
    std::size_t seen = 0;
    while (seen < 2000) {
        const Position through = writer.synced();
        const Reader reader(options.path, through);
        REQUIRE(reader.end() == through);
        REQUIRE(reader.torn_bytes() == 0);
        REQUIRE(reader.size() >= seen);
        for (; seen < reader.size(); ++seen) {
            require_same(std::get<FactsView>(reader.record(seen)),
                         some_facts(options.header, 0, seen, 1));
        }
    }
}

TEST_CASE("a folder that is not there, and a place that is no file, are named") {
    const TempDir dir;
    const SystemClock clock;
    WriterOptions options = options_in(dir.path() / "none", one_rig());
    CHECK(code_of([&] { Writer(options, clock); }) == Code::not_found);
    CHECK_THROWS_WITH(Writer(options, clock),
                      Contains(options.path.string()) && Contains("No such file or directory"));
    options.path = dir.path();
    CHECK(code_of([&] { Writer(options, clock); }) == Code::unavailable);
}
