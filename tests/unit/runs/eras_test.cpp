// A rig that becomes another device under a run: sentinels find it out, what was remembered is
// dropped, and an interrupted run finds the same again.

#include "tests/unit/runs/attempts.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace phyll;
using namespace phyll::runs;
using Catch::Matchers::Contains;
using test::Attempts;
using Kind = sim::FaultPlan::Kind;

namespace {

const std::string looks = "[sentinels]\nevery = 60\n";
const std::string greedy = "schedule = \"greedy\"\n";
const std::string simultaneous = "schedule = \"simultaneous\"\n";

/// The rig is another one from a query on.
void move_at(Attempts& bench, std::uint64_t query) {
    bench.on_query = [&bench, query](ConstBlock) {
        bench.moved = bench.queries >= query ? 0.3F : 0.0F;
    };
}

std::vector<v1::EraEnded> eras(const Attempts& bench) {
    return {bench.result.eras().begin(), bench.result.eras().end()};
}

} // namespace

TEST_CASE("sentinels of a rig that stays what it is end no era and change nothing but queries") {
    const std::string schedule = GENERATE(as<std::string>(), greedy, simultaneous);
    Attempts without(schedule);
    Attempts with(schedule, looks);
    const std::uint64_t run = without.submit();
    REQUIRE_FALSE(without.attempt(run));
    REQUIRE_FALSE(with.attempt(with.submit()));
    REQUIRE(with.learned(1) == without.learned(run));
    REQUIRE(with.result.eras_size() == 0);
    REQUIRE(with.result.sentinel_queries() > 0);
    REQUIRE(with.result.training_queries() == without.result.training_queries());
    REQUIRE(with.queries > without.queries);
}

TEST_CASE("a rig that moves ends its era, and greedy training goes back to its first layer") {
    Attempts bench(greedy, looks);
    move_at(bench, 12);
    const std::uint64_t run = bench.submit();
    REQUIRE_FALSE(bench.attempt(run));
    REQUIRE(eras(bench).size() == 1);
    REQUIRE(eras(bench)[0].era() == 1);
    REQUIRE(eras(bench)[0].moved() > 0.2);
    REQUIRE_THAT(eras(bench)[0].why(), Contains("sentinels moved"));
    // 2 layers of 4 epochs, and what was taken before the era ended.
    const std::size_t epochs = bench.learned(run).epochs.size();
    REQUIRE(epochs >= 8);
    Attempts still(greedy, looks);
    REQUIRE_FALSE(still.attempt(still.submit()));
    REQUIRE(bench.result.training_queries() > still.result.training_queries());
}

TEST_CASE("simultaneous training goes on in a new era, and can be told to hold") {
    Attempts bench(simultaneous, looks);
    move_at(bench, 12);
    REQUIRE_FALSE(bench.attempt(bench.submit()));
    REQUIRE(eras(bench).size() == 1);
    REQUIRE(bench.learned(1).epochs.size() == 4);

    Attempts most(simultaneous, looks + "max_eras = 0\n");
    move_at(most, 12);
    const std::uint64_t run = most.submit();
    const auto held = most.attempt(run);
    REQUIRE(held);
    REQUIRE(held->code() == Code::aborted);
    REQUIRE_THAT(held->what(), Contains("max_eras") && Contains("rig 'r'"));
    most.store.wait_for_person(run, held->what(), 5);
    most.store.change_state(run, v1::QUEUED, "resumed", 6);
    move_at(most, 0);
    REQUIRE_FALSE(most.attempt(run)); // a person has looked
    REQUIRE(most.learned(run) == bench.learned(1));
}

TEST_CASE("an era that ended before an interruption ends again at the same measurement") {
    const std::string schedule =
        GENERATE(as<std::string>(), greedy, simultaneous, simultaneous + "reuse = \"run\"\n");
    Attempts whole(schedule, looks);
    move_at(whole, 12);
    REQUIRE_FALSE(whole.attempt(whole.submit()));
    const std::uint64_t all = whole.queries;
    REQUIRE(eras(whole).size() == 1);
    for (std::uint64_t stop_at = 2; stop_at < all; stop_at += 1 + all / 6) {
        Attempts bench(schedule, looks);
        const std::uint64_t run = bench.submit();
        std::uint64_t before = 0;
        bench.on_query = [&](ConstBlock) {
            bench.moved = before + bench.queries >= 12 ? 0.3F : 0.0F;
            if (before == 0 && bench.queries == stop_at) {
                bench.stop.request_stop();
            }
        };
        REQUIRE(bench.attempt(run));
        before = bench.queries;
        bench.interrupt(run);
        REQUIRE_FALSE(bench.attempt(run));
        CAPTURE(schedule, stop_at, all);
        REQUIRE(bench.learned(run) == whole.learned(1));
        REQUIRE(before + bench.queries == all);
        REQUIRE(eras(bench).size() == 1);
        REQUIRE(eras(bench)[0].number() == eras(whole)[0].number());
        const auto told = bench.store.events(run, 0, 10'000);
        REQUIRE(std::ranges::count_if(told, &v1::Event::has_era) == 1); // once
    }
}

TEST_CASE(
    "a setting that somebody changed ends the era where it is found, also after an interruption") {
    const std::string schedule = GENERATE(as<std::string>(), greedy, simultaneous);
    // At a look in the middle of an era, and at one of those by which an era begins.
    const int found_at = GENERATE(2, 6);
    CAPTURE(schedule, found_at);
    const auto changed_at = [found_at](int& looks) {
        if (++looks == found_at) {
            throw Error(Code::aborted, "somebody changed a setting: SOUR1:POW? is -10");
        }
    };
    Attempts whole(schedule, looks);
    int all_looks = 0;
    whole.on_look = [&] { changed_at(all_looks); };
    REQUIRE_FALSE(whole.attempt(whole.submit()));
    REQUIRE(eras(whole).size() == 1);
    REQUIRE_THAT(eras(whole)[0].why(), Contains("somebody changed a setting: SOUR1:POW? is -10"));
    REQUIRE(eras(whole)[0].moved() == 0);
    const std::uint64_t all = whole.queries;
    for (std::uint64_t stop_at = 2; stop_at < all; stop_at += 1 + all / 7) {
        CAPTURE(stop_at, all);
        Attempts bench(schedule, looks);
        int seen = 0;
        bench.on_look = [&] { changed_at(seen); };
        bool stopped = false;
        bench.on_query = [&](ConstBlock) {
            if (!stopped && bench.queries == stop_at) {
                stopped = true;
                bench.stop.request_stop();
            }
        };
        const std::uint64_t run = bench.submit();
        REQUIRE(bench.attempt(run));
        bench.interrupt(run);
        REQUIRE_FALSE(bench.attempt(run));
        REQUIRE(bench.learned(run) == whole.learned(1));
        REQUIRE(eras(bench).size() == 1);
        REQUIRE(eras(bench)[0].number() == eras(whole)[0].number());
    }
}

TEST_CASE("after a fault sentinels say whether the rig still is what it was") {
    Attempts whole(simultaneous, looks);
    REQUIRE_FALSE(whole.attempt(whole.submit()));

    Attempts same(simultaneous, looks);
    REQUIRE_FALSE(same.attempt(same.submit(), {{Kind::disconnect, 17, 2}}));
    REQUIRE(same.learned(1) == whole.learned(1));
    REQUIRE(same.result.remarks_size() == 0);
    REQUIRE(same.queries > whole.queries); // the look after the fault

    Attempts other(simultaneous, looks);
    move_at(other, 17);
    REQUIRE_FALSE(other.attempt(other.submit(), {{Kind::disconnect, 17, 2}}));
    REQUIRE(eras(other).size() == 1);
    REQUIRE_THAT(eras(other)[0].why(), Contains("after a fault"));
}

TEST_CASE("a query that always fails ends the run, though the sentinels answer") {
    Attempts bench(simultaneous, looks);
    std::uint64_t failed = 0;
    bench.on_query = [&](ConstBlock x) {
        if (bench.queries > 20 && x.samples() > 8) {
            ++failed;
            throw Error(Code::unavailable, "this one is too long");
        }
    };
    const std::uint64_t run = bench.submit();
    const auto failure = bench.attempt(run);
    REQUIRE(failure);
    REQUIRE_THAT(failure->what(), Contains("too long") && Contains("hold_limit"));
    REQUIRE(failed < 100);
    REQUIRE(bench.store.run(run)->info.holds() == 1);
}

TEST_CASE("what was measured in an era that ended is not remembered, what was since is") {
    Attempts bench(simultaneous + "reuse = \"run\"\n", looks);
    move_at(bench, 12);
    REQUIRE_FALSE(bench.attempt(bench.submit()));
    REQUIRE(eras(bench).size() == 1);
    Attempts still(simultaneous + "reuse = \"run\"\n", looks);
    REQUIRE_FALSE(still.attempt(still.submit()));
    const auto& reused = bench.result.layers(0).reused();
    REQUIRE(reused > 0);
    REQUIRE(reused < still.result.layers(0).reused());
}

TEST_CASE("another run's journal answers what it knows, and counts apart") {
    Attempts bench(greedy);
    const std::uint64_t first = bench.submit();
    REQUIRE_FALSE(bench.attempt(first));
    const Attempts::Learned learned = bench.learned(first);
    const std::uint64_t measured =
        bench.result.training_queries() + bench.result.evaluation_queries();

    bench.spec.mutable_training()->set_reuse_from(first);
    const std::uint64_t second = bench.submit();
    REQUIRE_FALSE(bench.attempt(second));
    REQUIRE(bench.queries == 0);
    REQUIRE(bench.learned(second) == learned);
    REQUIRE(bench.result.training_queries() + bench.result.evaluation_queries() == 0);
    const std::uint64_t borrowed =
        bench.result.layers(0).reused_from() + bench.result.layers(1).reused_from();
    REQUIRE(borrowed == measured);

    // What was borrowed is in the run's own journal.
    std::filesystem::remove_all(bench.state.folder_of(first));
    bench.replay_of = second;
    const std::uint64_t replay = bench.submit();
    REQUIRE_FALSE(bench.attempt(replay));
    REQUIRE(bench.learned(replay) == learned);

    // Of another device nothing is taken.
    bench.replay_of = 0;
    bench.conditions.mutable_rigs(0)->set_configuration_sha256("another");
    bench.spec.mutable_training()->set_reuse_from(second);
    const std::uint64_t third = bench.submit();
    REQUIRE_FALSE(bench.attempt(third));
    REQUIRE(bench.result.training_queries() > 0);
    REQUIRE_THAT(bench.notices(third).at(0), Contains("another configuration"));
}

TEST_CASE("repeats measure each stimulus so often, and the mean is learned from") {
    Attempts once(simultaneous);
    REQUIRE_FALSE(once.attempt(once.submit()));
    Attempts four(simultaneous + "repeats = 4\n");
    REQUIRE_FALSE(four.attempt(four.submit()));
    REQUIRE(four.result.training_queries() == 4 * once.result.training_queries());
    REQUIRE(four.result.evaluation_queries() == 4 * once.result.evaluation_queries());
    REQUIRE(four.learned(1).weights != once.learned(1).weights);
}
