#include "tests/unit/journal/journals.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <future>
#include <thread>

using namespace phyll;
using namespace phyll::journal;
using namespace phyll::journal::test;
using Catch::Matchers::Contains;
using phyll::test::TempDir;

namespace {

void require_numbers(const std::filesystem::path& path, const Header& header, std::size_t count) {
    const Reader reader(path);
    REQUIRE(reader.torn_bytes() == 0);
    REQUIRE(reader.size() == count);
    for (std::size_t i = 0; i < count; ++i) {
        require_same(std::get<FactsView>(reader.record(i)), some_facts(header, 0, i, 1));
    }
}

} // namespace

TEST_CASE("a disk that is full at any byte loses nothing and doubles nothing") {
    const TempDir dir;
    TestDisk disk;
    const WriterOptions options = options_in(dir.path(), one_rig(), disk);
    const SystemClock clock;
    const auto append = [&](Writer& writer, std::uint64_t number) {
        return writer.append(some_facts(options.header, 0, number, 1).view());
    };
    Position first = 0;
    Position end = 0;
    {
        Writer writer(options, clock);
        first = append(writer, 0);
        append(writer, 1);
        end = append(writer, 2);
        writer.sync_through(first);
    }
    std::filesystem::resize_file(options.path, first);
    const std::vector<std::byte> begun = content_of(options.path);
    const bool truncation_fails = GENERATE(false, true);
    for (std::uint64_t full = first; full < end; ++full) {
        CAPTURE(full);
        put_content(options.path, begun);
        disk.full_at(full, ENOSPC);
        if (truncation_fails) {
            disk.fail_truncation(EIO);
        }
        {
            Writer writer(options, clock);
            append(writer, 1);
            REQUIRE(code_of([&] { writer.sync_through(append(writer, 2)); }) ==
                    Code::resource_exhausted);
            REQUIRE(code_of([&] { append(writer, 3); }) == Code::resource_exhausted);
            REQUIRE_THROWS_WITH(writer.sync_through(writer.end()),
                                Contains(options.path.string()) &&
                                    Contains("No space left on device"));
            if (!truncation_fails) {
                REQUIRE(std::filesystem::file_size(options.path) == writer.synced());
            }
            // Still full.
            writer.retry();
            REQUIRE(code_of([&] { writer.sync_through(writer.end()); }) != Code::ok);
            disk.heal();
            writer.retry();
            while (writer.end() < end) { // the second may have been refused with the first
                append(writer, 2);
            }
            writer.sync_through(writer.end());
            append(writer, 3);
        }
        require_numbers(options.path, options.header, 4);
    }
}

TEST_CASE("a sync that fails is said, and what it was for is written again") {
    const TempDir dir;
    TestDisk disk;
    const WriterOptions options = options_in(dir.path(), one_rig(), disk);
    const SystemClock clock;
    {
        Writer writer(options, clock);
        disk.fail_syncs(EIO);
        const Position end = writer.append(some_facts(options.header, 0, 0, 1).view());
        CHECK_THROWS_WITH(writer.sync_through(end),
                          Contains(options.path.string()) && Contains("Input/output error"));
        CHECK(code_of([&] { writer.append(Mark{}); }) == Code::unavailable);
        CHECK(code_of([&] { writer.close(); }) == Code::unavailable);
        CHECK(writer.synced() < end);
        CHECK(std::filesystem::file_size(options.path) == writer.synced());
        disk.heal();
        writer.retry();
        writer.sync_through(end);
        CHECK(writer.synced() == end);
    }
    require_numbers(options.path, options.header, 1);
}

TEST_CASE("a writer whose disk has failed ends without it") {
    const TempDir dir;
    TestDisk disk;
    const WriterOptions options = options_in(dir.path(), one_rig(), disk);
    const SystemClock clock;
    {
        Writer writer(options, clock);
        writer.sync_through(writer.append(some_facts(options.header, 0, 0, 1).view()));
        disk.full_at(0, EIO);
        CHECK(code_of([&] { writer.sync_through(writer.append(Mark{})); }) == Code::unavailable);
    }
    require_numbers(options.path, options.header, 1);
}

TEST_CASE("a disk that takes a few bytes at a time gets all of them") {
    const TempDir dir;
    TestDisk disk;
    disk.write_at_most(7);
    const WriterOptions options = options_in(dir.path(), one_rig(), disk);
    const SystemClock clock;
    {
        Writer writer(options, clock);
        for (std::uint64_t i = 0; i < 20; ++i) {
            writer.append(some_facts(options.header, 0, i, 1).view());
        }
    }
    require_numbers(options.path, options.header, 20);
}

TEST_CASE("a journal that cannot be begun leaves no file") {
    const TempDir dir;
    TestDisk disk;
    const WriterOptions options = options_in(dir.path(), one_rig(), disk);
    const SystemClock clock;
    for (const std::uint64_t byte : {0U, 20U, 167U}) {
        disk.full_at(byte, ENOSPC);
        CHECK(code_of([&] { Writer(options, clock); }) == Code::resource_exhausted);
        CHECK(std::filesystem::is_empty(dir.path()));
    }
    disk.heal();
    disk.fail_syncs(EIO);
    CHECK_THROWS_WITH(Writer(options, clock),
                      Contains(options.path.string()) && Contains("Input/output error"));
    CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("a record beyond the limit is refused and the rest is kept") {
    const TempDir dir;
    WriterOptions options = options_in(dir.path(), one_rig());
    const SystemClock clock;
    {
        const Writer writer(options, clock);
        options.max_bytes = writer.end();
    }
    std::filesystem::remove(options.path);
    // Two samples' records and the one that closes.
    options.max_bytes += 2 * 128 + 32;
    {
        Writer writer(options, clock);
        writer.append(some_facts(options.header, 0, 0, 1).view());
        const Position end = writer.append(some_facts(options.header, 0, 1, 1).view());
        CHECK(end + 32 == options.max_bytes);
        const auto one_more = [&] { writer.append(some_facts(options.header, 0, 2, 1).view()); };
        CHECK(code_of(one_more) == Code::resource_exhausted);
        CHECK_THROWS_WITH(one_more(),
                          Contains(options.path.string()) &&
                              Contains("limit is " + std::to_string(options.max_bytes)) &&
                              Contains("raise runs.journal_bytes"));
        CHECK(writer.end() == end);
        CHECK_NOTHROW(writer.sync_through(end));
    }
    CHECK(std::filesystem::file_size(options.path) == options.max_bytes);
    require_numbers(options.path, options.header, 2);
}

TEST_CASE("what gathers while the disk syncs is synced at once") {
    const TempDir dir;
    TestDisk disk;
    WriterOptions options = options_in(dir.path(), one_rig(), disk);
    const SystemClock clock;
    {
        Writer writer(options, clock);
        const std::size_t before = disk.syncs();
        disk.hold();
        writer.append(some_facts(options.header, 0, 0, 1).view());
        disk.await_held();
        for (std::uint64_t i = 1; i < 100; ++i) {
            writer.append(some_facts(options.header, 0, i, 1).view());
        }
        disk.release();
        writer.sync_through(writer.end());
        CHECK(disk.syncs() == before + 2);
    }
    require_numbers(options.path, options.header, 100);
}

TEST_CASE("when the disk cannot keep up, appending waits, as long as it may") {
    const TempDir dir;
    TestDisk disk;
    WriterOptions options = options_in(dir.path(), one_rig(), disk);
    options.max_queued_bytes = 300; // two samples
    ManualClock clock;
    {
        Writer writer(options, clock);
        disk.hold();
        writer.append(some_facts(options.header, 0, 0, 1).view());
        writer.append(some_facts(options.header, 0, 1, 1).view());
        const Position full = writer.end();
        const OwnedFacts third = some_facts(options.header, 0, 2, 1);

        auto late = std::async(std::launch::async, [&] {
            return code_of(
                [&] { writer.append(third.view(), Deadline::after(clock, Seconds(5))); });
        });
        clock.await_waiters(1);
        clock.advance(Seconds(6));
        CHECK(late.get() == Code::deadline_exceeded);

        std::stop_source stop;
        auto stopped = std::async(std::launch::async, [&] {
            return code_of([&] { writer.append(third.view(), {}, stop.get_token()); });
        });
        clock.await_waiters(1);
        stop.request_stop();
        CHECK(stopped.get() == Code::cancelled);
        CHECK(writer.end() == full);

        auto patient = std::async(std::launch::async,
                                  [&] { return code_of([&] { writer.append(third.view()); }); });
        clock.await_waiters(1);
        disk.release();
        CHECK(patient.get() == Code::ok);
    }
    require_numbers(options.path, options.header, 3);
}

TEST_CASE("waiting for the disk ends with the deadline, with a stop, or with its error") {
    const TempDir dir;
    TestDisk disk;
    const WriterOptions options = options_in(dir.path(), one_rig(), disk);
    ManualClock clock;
    {
        Writer writer(options, clock);
        disk.hold();
        const Position end = writer.append(some_facts(options.header, 0, 0, 1).view());
        auto late = std::async(std::launch::async, [&] {
            return code_of([&] { writer.sync_through(end, Deadline::after(clock, Seconds(1))); });
        });
        clock.await_waiters(1);
        clock.advance(Seconds(1));
        CHECK(late.get() == Code::deadline_exceeded);
        std::stop_source stop;
        stop.request_stop();
        CHECK(code_of([&] { writer.sync_through(end, {}, stop.get_token()); }) == Code::cancelled);
        CHECK(code_of([&] { writer.sync_through(end + 1); }) == Code::out_of_range);

        disk.fail_syncs(EIO);
        auto failing = std::async(std::launch::async,
                                  [&] { return code_of([&] { writer.sync_through(end); }); });
        clock.await_waiters(1);
        disk.release();
        CHECK(failing.get() == Code::unavailable);
        disk.heal();
        writer.retry();
        CHECK_NOTHROW(writer.sync_through(end));
    }
    require_numbers(options.path, options.header, 1);
}

TEST_CASE("a record larger than what may wait is taken when nothing else waits") {
    const TempDir dir;
    WriterOptions options = options_in(dir.path(), one_rig());
    options.max_queued_bytes = 1000;
    options.max_batch_bytes = 500;
    const SystemClock clock;
    const OwnedFacts large = some_facts(options.header, 0, 0, 200);
    const OwnedFacts small = some_facts(options.header, 0, 200, 1);
    {
        Writer writer(options, clock);
        writer.append(small.view());
        writer.append(large.view());
        writer.append(small.view());
    }
    const Reader reader(options.path);
    REQUIRE(reader.size() == 3);
    require_same(std::get<FactsView>(reader.record(1)), large);
}
