// Runs that are interrupted at any step, on rigs that fail at any query: what comes out is, to the
// bit, what comes out undisturbed, or the run has failed with its rig safe.

#include "drivers/core/readers/sha256.hpp"
#include "tests/support/nightly.hpp"
#include "tests/unit/runs/attempts.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

using namespace phyll;
using namespace phyll::runs;
using Catch::Matchers::Contains;
using test::Attempts;
using Kind = sim::FaultPlan::Kind;

namespace {

Attempts::Learned undisturbed(const std::string& more) {
    Attempts bench(more);
    const std::uint64_t run = bench.submit();
    REQUIRE_FALSE(bench.attempt(run));
    return bench.learned(run);
}

void stop_with_two_checkpoints(Attempts& bench, std::uint64_t run) {
    bench.on_query = [&bench, run](ConstBlock) {
        if (bench.store.checkpoints(run).size() == 2) {
            bench.stop.request_stop();
        }
    };
    REQUIRE(bench.attempt(run));
    bench.on_query = nullptr;
}

const std::string greedy = "schedule = \"greedy\"\n";
const std::string simultaneous = "schedule = \"simultaneous\"\n";

} // namespace

TEST_CASE("a run that is stopped at any query goes on from its last checkpoint to the same end") {
    const std::string schedule =
        GENERATE(as<std::string>(), greedy, simultaneous, simultaneous + "repeats = 2\n",
                 simultaneous + "reuse = \"run\"\n");
    const Attempts::Learned expected = undisturbed(schedule);
    Attempts whole(schedule);
    REQUIRE_FALSE(whole.attempt(whole.submit()));
    const std::uint64_t all = whole.queries;
    REQUIRE(all > 5);
    for (std::uint64_t stop_at = 1; stop_at < all; stop_at += 1 + all / 6) {
        Attempts bench(schedule);
        const std::uint64_t run = bench.submit();
        bench.on_query = [&](ConstBlock) {
            if (bench.queries == stop_at) {
                bench.stop.request_stop();
            }
        };
        const auto stopped = bench.attempt(run);
        REQUIRE(stopped);
        REQUIRE(stopped->code() == Code::cancelled);
        const std::uint64_t before = bench.queries;
        const std::size_t checkpoints = bench.store.checkpoints(run).size();
        bench.interrupt(run);
        bench.on_query = nullptr;
        REQUIRE_FALSE(bench.attempt(run));
        CAPTURE(schedule, stop_at, all, checkpoints);
        REQUIRE(bench.learned(run) == expected);
        REQUIRE(before + bench.queries == all); // nothing was measured twice
        const auto notices = bench.notices(run);
        REQUIRE(std::ranges::none_of(notices, [](const std::string& text) {
            return text.find("repeat") != std::string::npos;
        }));
        REQUIRE((checkpoints > 0) == std::ranges::any_of(notices, [](const std::string& text) {
                    return text.find("from its checkpoint") != std::string::npos;
                }));
    }
}

TEST_CASE("a fault at any query of a run is survived, and changes nothing") {
    const Kind kind = GENERATE(Kind::fail, Kind::not_finite, Kind::out_of_range, Kind::disconnect);
    const std::string schedule = GENERATE(as<std::string>(), greedy, simultaneous);
    const Attempts::Learned expected = undisturbed(schedule);
    std::uint64_t at = 0;
    for (bool reached = true; reached; at += 7) {
        Attempts bench(schedule);
        const std::uint64_t run = bench.submit();
        CAPTURE(schedule, at, static_cast<int>(kind));
        REQUIRE_FALSE(bench.attempt(run, {{kind, at, 3}}));
        REQUIRE(bench.learned(run) == expected);
        REQUIRE(bench.safe);
        const v1::RunInfo info = bench.store.run(run)->info;
        reached = info.holds() > 0;
        REQUIRE(info.holds() <= 1); // three tries in a row are one time of trouble
        // It says that nobody knows whether the rig still was the same.
        REQUIRE((bench.result.remarks_size() == 1) == reached);
    }
    REQUIRE(at > 20);
}

TEST_CASE("a fault that does not pass fails the run in the instrument's own words") {
    Attempts bench(greedy);
    const std::uint64_t run = bench.submit();
    const auto failure = bench.attempt(run, {{Kind::fail, 3, 1'000'000}});
    REQUIRE(failure);
    REQUIRE_THAT(failure->what(),
                 Contains("failed (simulated)") && Contains("rig 'r'") && Contains("hold_limit"));
    REQUIRE(bench.store.run(run)->info.state() == v1::HELD);
    REQUIRE(bench.safe);
}

TEST_CASE("a stop ends a run that is held") {
    Attempts bench(greedy);
    const std::uint64_t run = bench.submit();
    bench.on_query = [&](ConstBlock) {
        bench.stop.request_stop();
        throw Error(Code::unavailable, "cable is out");
    };
    const auto failure = bench.attempt(run);
    REQUIRE(failure);
    REQUIRE(failure->code() != Code::aborted);
    REQUIRE(bench.queries == 1);
}

TEST_CASE("a replay needs no rig and ends with the same weights, and says what it replays") {
    const std::string schedule =
        GENERATE(as<std::string>(), greedy, simultaneous, simultaneous + "repeats = 2\n");
    Attempts bench(schedule);
    const std::uint64_t run = bench.submit();
    REQUIRE_FALSE(bench.attempt(run));
    bench.replay_of = run;
    const std::uint64_t again = bench.submit();
    REQUIRE_FALSE(bench.attempt(again));
    REQUIRE(bench.queries == 0);
    REQUIRE(bench.learned(again) == bench.learned(run));
    REQUIRE_THAT(bench.result.evidence_of(0), Contains("run 1"));
    REQUIRE(bench.result.evidence() == v1::SIMULATION); // recorded, it is still no more
}

TEST_CASE("a replay of something else says what the journal lacks") {
    Attempts bench(greedy);
    const std::uint64_t run = bench.submit();
    REQUIRE_FALSE(bench.attempt(run));
    bench.replay_of = run;
    bench.spec.mutable_training()->set_learning_rate(0.1); // layer 2 sees other inputs
    const auto failure = bench.attempt(bench.submit());
    REQUIRE(failure);
    REQUIRE(failure->code() == Code::not_found);
    REQUIRE_THAT(failure->what(), Contains("run 1") && Contains("lacks measurement"));
}

TEST_CASE("a checkpoint that is cut at any byte is named, and the one before is used") {
    Attempts bench(simultaneous);
    const std::uint64_t run = bench.submit();
    stop_with_two_checkpoints(bench, run);
    const auto recorded = bench.store.checkpoints(run);
    const auto folder = bench.state.folder_of(run);
    const auto file = folder / recorded[0].file;
    const std::string whole = read_file(file);
    const std::string sha = to_hex(sha256_of(bench.spec.SerializeAsString()));
    Checkpoints checkpoints(folder, run, sha, bench.store);
    std::vector<std::string> remarks;
    REQUIRE(checkpoints.latest(remarks)->position.step() == recorded[0].step);
    REQUIRE(remarks.empty());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        write_file(file, std::string_view(whole).substr(0, size));
        remarks.clear();
        const auto found = checkpoints.latest(remarks);
        REQUIRE(found);
        REQUIRE(found->position.step() == recorded[1].step);
        REQUIRE(remarks.size() == 1);
        REQUIRE_THAT(remarks[0], Contains(recorded[0].file));
        size += size > 64 && size + 4096 < whole.size() ? 997 : test::sweep_step(1) - 1;
    }
    // The run that goes on from the one before ends as if nothing had been.
    bench.interrupt(run);
    REQUIRE_FALSE(bench.attempt(run));
    REQUIRE(bench.learned(run) == undisturbed(simultaneous));
}

TEST_CASE("a checkpoint of another run, or one that was never recorded, is not used") {
    Attempts bench(simultaneous);
    const std::uint64_t run = bench.submit();
    stop_with_two_checkpoints(bench, run);
    const auto recorded = bench.store.checkpoints(run);
    const auto folder = bench.state.folder_of(run);
    std::filesystem::copy_file(folder / recorded[0].file, folder / "checkpoint-99.h5");
    std::vector<std::string> remarks;
    Checkpoints other(folder, run, "another spec", bench.store);
    REQUIRE_FALSE(other.latest(remarks));
    REQUIRE(remarks.size() == 3);
    REQUIRE_THAT(remarks[0], Contains("checkpoint-99.h5") && Contains("never recorded"));
    REQUIRE_THAT(remarks[1], Contains(recorded[0].file) && Contains("another run"));
    REQUIRE_FALSE(std::filesystem::exists(folder / "checkpoint-99.h5"));
}

TEST_CASE("a journal that lost what a checkpoint rests on is refused by name") {
    Attempts bench(simultaneous);
    const std::uint64_t run = bench.submit();
    stop_with_two_checkpoints(bench, run);
    bench.interrupt(run);
    const auto journal = RunJournal::file_in(bench.state.folder_of(run));
    std::filesystem::resize_file(journal, std::filesystem::file_size(journal) / 2);
    const auto failure = bench.attempt(run);
    REQUIRE(failure);
    REQUIRE(failure->code() == Code::data_loss);
    REQUIRE_THAT(failure->what(), Contains(journal.string()));
}

TEST_CASE("a full journal holds the run until there is more room") {
    Attempts bench(simultaneous);
    bench.journal_limit = 20'000;
    const std::uint64_t run = bench.submit();
    const auto failure = bench.attempt(run);
    REQUIRE(failure);
    REQUIRE_THAT(failure->what(), Contains("journal_limit") && Contains("hold_limit"));
    REQUIRE(bench.store.run(run)->info.state() == v1::HELD);
    // As after a restart with a larger limit.
    bench.interrupt(run);
    bench.journal_limit = UINT64_MAX;
    REQUIRE_FALSE(bench.attempt(run));
    REQUIRE(bench.learned(run) == undisturbed(simultaneous));
}
