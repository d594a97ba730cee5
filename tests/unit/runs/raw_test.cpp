// What the instrument really gave, kept in a run's journal for one of every so many samples.

#include "drivers/core/journal/fact_index.hpp"
#include "drivers/core/journal/reader.hpp"
#include "tests/unit/runs/attempts.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace phyll;
using namespace phyll::runs;
using Catch::Matchers::Contains;
using journal::Purpose;
using test::Attempts;
using Kind = sim::FaultPlan::Kind;
using Number = std::pair<Purpose, std::uint64_t>;

namespace {

const std::string schedule = "schedule = \"simultaneous\"\n";
const std::string batches = schedule + "query_batch = 7\n";
const std::string looks = "[sentinels]\nevery = 60\n";

std::string keep(std::uint32_t every) {
    return "[[rigs]]\nname = \"r\"\nkeep_raw = " + std::to_string(every) + "\n";
}

/// What a journal has.
struct Contents {
    std::vector<Number> measured; ///< for training and evaluation, in order, once each
    std::vector<Number> raw;      ///< in order
    std::size_t sentinels = 0;
};

/// Requires of each raw record that it is of one measurement and leads to the response, bit by bit.
Contents contents(const std::filesystem::path& path) {
    const journal::Reader reader(path);
    const journal::FactIndex facts(reader);
    Contents out;
    std::set<Number> known;
    for (std::size_t i = 0; i < reader.size(); ++i) {
        const journal::RecordView record = reader.record(i);
        if (const auto* block = std::get_if<journal::FactsView>(&record)) {
            for (std::uint32_t k = 0; k < block->samples; ++k) {
                const Number number{block->purpose, block->first_number + k};
                if (block->purpose == Purpose::sentinel) {
                    ++out.sentinels;
                } else if (known.insert(number).second) {
                    out.measured.push_back(number);
                }
            }
        } else if (const auto* raw = std::get_if<journal::Raw>(&record)) {
            const auto fact = facts.find(raw->rig, raw->purpose, raw->first_number);
            REQUIRE(fact);
            REQUIRE(raw->samples == 1);
            REQUIRE(raw->type == test::raw_type);
            REQUIRE(std::ranges::equal(raw->bytes, fact->facts.response_bytes(fact->sample)));
            out.raw.emplace_back(raw->purpose, raw->first_number);
        }
    }
    return out;
}

Contents contents(const Attempts& bench, std::uint64_t run) {
    return contents(RunJournal::file_in(bench.state.folder_of(run)));
}

/// Every so many of the measurements; 0: none.
std::vector<Number> one_of(std::uint32_t every, const std::vector<Number>& measured) {
    std::vector<Number> some;
    std::ranges::copy_if(measured, std::back_inserter(some), [&](const Number& number) {
        return every != 0 && number.second % every == 0;
    });
    return some;
}

} // namespace

TEST_CASE("of every so many samples one is kept raw, and what is learned does not depend on it") {
    const std::uint32_t every = GENERATE(0U, 1U, 3U);
    const std::string training =
        GENERATE(as<std::string>(), schedule, batches, batches + "repeats = 2\n",
                 schedule + "reuse = \"run\"\n");
    CAPTURE(every, training);
    Attempts plain(training, looks);
    REQUIRE_FALSE(plain.attempt(plain.submit()));
    Attempts bench(training, looks + keep(every));
    const std::uint64_t run = bench.submit();
    REQUIRE_FALSE(bench.attempt(run));
    REQUIRE(bench.learned(run) == plain.learned(1));
    const Contents found = contents(bench, run);
    REQUIRE(found.sentinels > 0);
    REQUIRE(found.measured == contents(plain, 1).measured);
    REQUIRE(found.raw == one_of(every, found.measured));
    REQUIRE(found.raw.empty() == (every == 0));
}

TEST_CASE("a query that failed leaves nothing raw, one that is asked again once") {
    const Kind kind = GENERATE(Kind::fail, Kind::not_finite, Kind::disconnect);
    const std::uint64_t at = GENERATE(0U, 5U, 17U);
    CAPTURE(static_cast<int>(kind), at);
    Attempts bench(batches, keep(3));
    const std::uint64_t run = bench.submit();
    REQUIRE_FALSE(bench.attempt(run, {{kind, at, 2}}));
    REQUIRE(bench.result.remarks_size() == 1); // it did fail
    const Contents found = contents(bench, run);
    REQUIRE(found.raw == one_of(3, found.measured));
}

TEST_CASE("a run that goes on, and one that is replayed, keeps nothing twice") {
    Attempts bench(batches, keep(1));
    const std::uint64_t run = bench.submit();
    bench.on_query = [&](ConstBlock) {
        if (bench.queries == 20) {
            bench.stop.request_stop();
        }
    };
    REQUIRE(bench.attempt(run));
    const std::size_t before = contents(bench, run).raw.size();
    REQUIRE(before > 0);
    bench.interrupt(run);
    bench.on_query = nullptr;
    REQUIRE_FALSE(bench.attempt(run));
    const Contents whole = contents(bench, run);
    REQUIRE(whole.raw.size() > before);
    REQUIRE(whole.raw == whole.measured);

    bench.replay_of = run;
    const std::uint64_t replay = bench.submit();
    REQUIRE_FALSE(bench.attempt(replay));
    REQUIRE(bench.queries == 0);
    REQUIRE(bench.learned(replay) == bench.learned(run));
    REQUIRE(contents(bench, run).raw == whole.raw);
    REQUIRE_FALSE(std::filesystem::exists(RunJournal::file_in(bench.state.folder_of(replay))));
}

TEST_CASE("a journal that is full of what is kept raw holds the run as with measurements") {
    Attempts plain(batches);
    REQUIRE_FALSE(plain.attempt(plain.submit()));
    Attempts bench(batches, keep(1));
    bench.journal_limit = 20'000;
    const std::uint64_t run = bench.submit();
    const auto failure = bench.attempt(run);
    REQUIRE(failure);
    REQUIRE_THAT(failure->what(), Contains("journal_limit") && Contains("hold_limit"));
    bench.interrupt(run);
    bench.journal_limit = UINT64_MAX;
    REQUIRE_FALSE(bench.attempt(run));
    REQUIRE(bench.learned(run) == plain.learned(1));
}
