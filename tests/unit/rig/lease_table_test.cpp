#include "daemon/rig/lease_table.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

using namespace phyll;
using rig::BlockKind;
using rig::LeaseEnd;
using rig::LeaseId;
using rig::LeaseTable;
using rig::LeaseTerms;
using What = LeaseTable::News::What;

namespace {

/// A table whose news are taken as they come.
struct TableBench {
    ManualClock clock;
    LeaseTable table{clock};
    std::vector<LeaseId> granted;
    std::vector<std::string> to_settle;
    struct Lost {
        LeaseId lease;
        LeaseEnd how;
        std::string why;
    };
    std::vector<Lost> lost;

    void read_news() {
        for (LeaseTable::News& news : table.take_news()) {
            if (news.what == What::granted) {
                granted.push_back(news.lease);
            } else if (news.what == What::lost) {
                lost.push_back({news.lease, news.how, news.why});
            } else {
                to_settle.push_back(news.rig);
            }
        }
    }
    /// Takes what is asked for and makes safe what settles, until nothing more follows.
    void settle() {
        for (read_news(); !to_settle.empty(); read_news()) {
            for (const std::string& rig : std::exchange(to_settle, {})) {
                table.made_safe(rig);
            }
        }
    }
    LeaseId wait_for(std::set<std::string> rigs, const std::string& holder, int priority = 0) {
        const LeaseId id =
            table.wait_for({.rigs = std::move(rigs), .holder = holder, .priority = priority});
        read_news();
        return id;
    }
    LeaseId take(std::set<std::string> rigs, const std::string& holder, Seconds time_to_live = {},
                 const std::string& token = {}) {
        const LeaseId id = table.take({.rigs = std::move(rigs),
                                       .holder = holder,
                                       .time_to_live = time_to_live,
                                       .token = token});
        read_news();
        return id;
    }
    void end(LeaseId id) {
        table.end(id);
        settle();
    }
    [[nodiscard]] bool has(LeaseId id) const {
        return std::ranges::find(granted, id) != granted.end();
    }
};

Code lease_code(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.code();
    }
    return Code::ok;
}

} // namespace

TEST_CASE("a free rig is granted at once and refused to the next") {
    TableBench bench;
    const LeaseId first = bench.take({"a"}, "run 1");
    REQUIRE(bench.table.holder("a") == "run 1");
    REQUIRE_THROWS_WITH(bench.take({"a", "b"}, "run 2"),
                        "a is held by run 1; wait for it or ask again later");
    REQUIRE(bench.table.holder("b").empty());
    bench.end(first);
    REQUIRE(bench.table.holder("a").empty());
}

TEST_CASE("a rig is handed on only after it was made safe") {
    TableBench bench;
    const LeaseId first = bench.take({"a"}, "run 1");
    const LeaseId second = bench.wait_for({"a"}, "run 2");
    bench.table.end(first);
    bench.read_news();
    REQUIRE(bench.to_settle == std::vector<std::string>{"a"});
    REQUIRE_FALSE(bench.has(second));
    REQUIRE(bench.table.holder("a").empty());
    bench.settle();
    REQUIRE(bench.has(second));
    REQUIRE(bench.table.holder("a") == "run 2");
}

TEST_CASE("a rig that is being made safe is waited for, not refused") {
    TableBench bench;
    bench.table.end(bench.take({"a"}, "run 1"));
    bench.read_news();
    const LeaseId second = bench.take({"a"}, "run 2");
    REQUIRE_FALSE(bench.has(second));
    bench.settle();
    REQUIRE(bench.has(second));
}

TEST_CASE("nobody overtakes a set that waits") {
    TableBench bench;
    const LeaseId a = bench.take({"a"}, "run 1");
    const LeaseId both = bench.wait_for({"a", "b"}, "both");
    const LeaseId late = bench.wait_for({"b"}, "late");
    REQUIRE(bench.granted == std::vector{a}); // b is free, but "both" came first
    REQUIRE(bench.table.in_the_way({"b"}) == "both");
    REQUIRE(bench.table.view(late).waits_for == "b is waited for by both");
    bench.end(a);
    REQUIRE(bench.granted == std::vector{a, both});
    bench.end(both);
    REQUIRE(bench.granted == std::vector{a, both, late});
}

TEST_CASE("a withdrawn wait clears the way for those behind it") {
    TableBench bench;
    static_cast<void>(bench.take({"a"}, "run 1"));
    const LeaseId both = bench.wait_for({"a", "b"}, "both");
    const LeaseId late = bench.wait_for({"b"}, "late");
    bench.end(both);
    REQUIRE(bench.has(late));
    REQUIRE_FALSE(bench.has(both));
}

TEST_CASE("larger priorities are served first, then those who came first") {
    TableBench bench;
    const LeaseId holder = bench.take({"a"}, "holder");
    const LeaseId low = bench.wait_for({"a"}, "low", -1);
    const LeaseId first = bench.wait_for({"a"}, "first");
    const LeaseId second = bench.wait_for({"a"}, "second");
    const LeaseId high = bench.wait_for({"a"}, "high", 5);
    bench.table.prioritise(second, 1);
    for (const LeaseId next : {holder, high, second, first, low}) {
        REQUIRE(bench.granted.back() == next);
        bench.end(next);
    }
}

TEST_CASE("who comes back with an earlier place keeps it") {
    TableBench bench;
    const LeaseId early = bench.take({"a"}, "early");
    const LeaseId other = bench.take({"b"}, "other");
    static_cast<void>(bench.wait_for({"b"}, "late"));
    bench.end(early);
    const LeaseId again = bench.table.wait_for({.rigs = {"b"}, .holder = "early", .place = early});
    bench.end(other);
    REQUIRE(bench.granted.back() == again);
}

TEST_CASE("a place is kept for who is not ready, and passed by nobody") {
    TableBench bench;
    const LeaseId first = bench.wait_for({"a", "b"}, "first");
    const LeaseId next = bench.wait_for({"a"}, "next");
    bench.table.block("b", {.kind = BlockKind::stopped});
    bench.settle();
    REQUIRE(bench.granted == std::vector<LeaseId>{first, next}); // what is blocked can be passed
    bench.table.end(next);
    const rig::LeaseTerms terms{.rigs = {"a", "b"}, .holder = "first", .place = first};
    rig::LeaseTerms kept = terms;
    kept.placeholder = true;
    const LeaseId place = bench.table.wait_for(kept);
    const LeaseId behind = bench.wait_for({"a"}, "behind");
    bench.table.unblock("b", BlockKind::stopped);
    bench.settle();
    REQUIRE(bench.table.obstacle({"a"}) == "a is waited for by first");
    const LeaseId again = bench.table.wait_for(terms);
    bench.table.end(place);
    bench.settle();
    bench.table.end(again);
    bench.settle();
    REQUIRE(bench.granted == std::vector<LeaseId>{first, next, again, behind});
}

TEST_CASE("a lease that is not renewed in time ends, and one that is does not") {
    TableBench bench;
    const LeaseId lease = bench.take({"a"}, "anna", Seconds(5), "token");
    REQUIRE(bench.table.view(lease).left == Seconds(5));
    bench.clock.advance(Seconds(4));
    bench.table.renew(lease);
    bench.clock.advance(Seconds(4.9));
    bench.table.expire();
    bench.settle();
    REQUIRE(bench.lost.empty());
    REQUIRE(bench.table.use("token", "a").id == lease);
    const LeaseId next = bench.wait_for({"a"}, "bert");
    bench.clock.advance(Seconds(0.1));
    // Late for the alarm, but not for whoever comes with it.
    REQUIRE(lease_code([&] { static_cast<void>(bench.table.use("token", "a")); }) == Code::aborted);
    bench.table.expire();
    bench.read_news();
    REQUIRE(bench.lost.size() == 1);
    REQUIRE(bench.lost[0].how == LeaseEnd::expired);
    REQUIRE(bench.lost[0].why == "the lease was not renewed within its 5 s");
    bench.settle();
    REQUIRE(bench.granted.back() == next);
}

TEST_CASE(
    "a heartbeat that others kept waiting is not too late before the lease is taken for lost") {
    TableBench bench;
    const LeaseId lease = bench.take({"a"}, "anna", Seconds(5), "token");
    bench.clock.advance(Seconds(7)); // the daemon itself was away
    bench.table.renew(lease);
    bench.table.expire();
    bench.read_news();
    REQUIRE(bench.lost.empty());
    REQUIRE(bench.table.use("token", "a").id == lease);
    bench.clock.advance(Seconds(5));
    bench.table.expire();
    REQUIRE(lease_code([&] { bench.table.renew(lease); }) == Code::aborted);
}

TEST_CASE("a lease that is released by its token is lost to its holder") {
    TableBench bench;
    const LeaseId lease = bench.take({"a"}, "run 3", Seconds(5), "token");
    bench.table.release(bench.table.find("token"));
    bench.settle();
    REQUIRE(bench.lost.at(0).lease == lease);
    REQUIRE(bench.lost.at(0).how == LeaseEnd::released);
    REQUIRE(bench.table.holder("a").empty());
}

TEST_CASE("a set that waits for a rig which is not safe keeps nobody waiting for the others") {
    TableBench bench;
    const LeaseId first = bench.take({"a"}, "anna");
    const LeaseId both = bench.wait_for({"a", "b"}, "bert");
    const LeaseId behind = bench.wait_for({"b"}, "cleo");
    bench.table.end(first);
    bench.read_news();
    REQUIRE_FALSE(bench.has(behind));
    bench.table.block("a", {.kind = BlockKind::not_safe, .note = "no answer"});
    bench.read_news();
    REQUIRE(bench.has(behind));
    REQUIRE_FALSE(bench.has(both));
}

TEST_CASE("a token says why its lease is over, and is good for its rigs alone") {
    TableBench bench;
    const LeaseId lease = bench.take({"a", "b"}, "anna", Seconds(0), "token");
    REQUIRE_THROWS_WITH(bench.table.use("token", "c"), "the lease is on a, b, not on c");
    REQUIRE(lease_code([&] { static_cast<void>(bench.table.find("other")); }) == Code::not_found);
    REQUIRE(lease_code([&] { static_cast<void>(bench.table.find("")); }) == Code::not_found);
    static_cast<void>(bench.table.break_lease("b", "broken by bert: needed"));
    REQUIRE(lease_code([&] { static_cast<void>(bench.table.find("token")); }) == Code::aborted);
    REQUIRE_THROWS_WITH(bench.table.find("token"),
                        "the lease is over: broken by bert: needed; take another");
    bench.settle();
    REQUIRE(bench.lost.at(0).lease == lease);
    REQUIRE(bench.table.holder("a").empty());
    REQUIRE(lease_code([&] { static_cast<void>(bench.table.break_lease("a", "")); }) ==
            Code::failed_precondition);
}

TEST_CASE(
    "whoever holds or waits is told when his lease is taken away, and who is behind gets on") {
    TableBench bench;
    const LeaseId holder = bench.take({"a"}, "anna", Seconds(0), "token");
    const LeaseId waiting = bench.table.wait_for({.rigs = {"a"}, .holder = "bert"});
    const LeaseId behind = bench.table.wait_for({.rigs = {"a"}, .holder = "carl"});
    bench.table.take_away(waiting, "his key was revoked");
    bench.table.take_away(holder, "her key was revoked");
    bench.table.take_away(holder, "again");
    bench.settle();
    REQUIRE(bench.lost.size() == 2);
    REQUIRE(bench.lost[0].lease == waiting);
    REQUIRE(bench.lost[1].lease == holder);
    REQUIRE(bench.lost[1].why == "her key was revoked");
    REQUIRE(bench.has(behind));
    REQUIRE_FALSE(bench.has(waiting));
}

TEST_CASE("a stop ends the lease with all its rigs and lets nobody drive until it is lifted") {
    TableBench bench;
    const LeaseId lease = bench.take({"a", "b"}, "anna");
    const LeaseId next = bench.wait_for({"a"}, "bert");
    const LeaseId other = bench.wait_for({"a", "b"}, "cleo");
    const LeaseId behind = bench.wait_for({"b"}, "dora");
    bench.table.block("a", {.kind = BlockKind::stopped, .note = "smoke", .by = "eve"});
    bench.settle();
    REQUIRE(bench.lost.at(0).lease == lease);
    REQUIRE(bench.lost.at(0).how == LeaseEnd::stopped);
    REQUIRE(bench.lost.at(0).why == "a is stopped by eve: smoke");
    REQUIRE_FALSE(bench.has(next));
    REQUIRE(bench.has(behind)); // b is free, and a set that is blocked keeps nobody waiting
    REQUIRE_THROWS_WITH(bench.take({"a"}, "fred"), Catch::StartsWith("a is stopped by eve: smoke"));
    bench.table.block("a", {.kind = BlockKind::disabled, .note = "fibre open", .by = "eve"});
    bench.table.unblock("a", BlockKind::stopped);
    bench.settle();
    REQUIRE_FALSE(bench.has(next));
    bench.table.unblock("a", BlockKind::disabled);
    bench.settle();
    REQUIRE(bench.has(next));
    bench.end(next);
    bench.end(behind);
    REQUIRE(bench.has(other));
}

TEST_CASE("a rig that nobody holds is made safe by a stop, too") {
    TableBench bench;
    bench.table.block("a", {.kind = BlockKind::stopped});
    bench.read_news();
    REQUIRE(bench.to_settle == std::vector<std::string>{"a"});
    REQUIRE(bench.lost.empty());
}

namespace {

/// Draws what happens to a table and holds it against what it may do.
class LeaseSequence {
  public:
    LeaseSequence(const KeyedRandom& random, std::uint64_t number)
        : random_(random), number_(number) {}

    void step() {
        switch (below(9)) {
        case 0:
        case 1:
            ask();
            break;
        case 2:
            with_any(asked_, [&](LeaseId id) {
                asked_.erase(id);
                held_.erase(id);
                bench_.table.end(id);
            });
            break;
        case 3:
            with_any(asked_, [&](LeaseId id) {
                if (held_.contains(id) && lease_code([&] { bench_.table.renew(id); }) == Code::ok) {
                    renewed_[id] = bench_.clock.now();
                }
            });
            break;
        case 4:
            bench_.clock.advance(Seconds(static_cast<double>(below(4))));
            bench_.table.expire();
            break;
        case 5:
            bench_.table.block(any_rig(), {.kind = static_cast<BlockKind>(below(3))});
            break;
        case 6:
            bench_.table.unblock(any_rig(), static_cast<BlockKind>(below(3)));
            break;
        case 7:
            if (const std::string rig = any_rig(); settling_.erase(rig) > 0) {
                bench_.table.made_safe(rig);
            }
            break;
        default:
            if (const std::string rig = any_rig(); !bench_.table.holder(rig).empty()) {
                static_cast<void>(bench_.table.break_lease(rig, "broken"));
            }
        }
        take_news();
    }

    /// Lifts every block: then everybody who waits gets on.
    void finish() {
        for (const std::string& rig : names_) {
            for (const BlockKind kind :
                 {BlockKind::stopped, BlockKind::not_safe, BlockKind::disabled}) {
                bench_.table.unblock(rig, kind);
            }
        }
        settle();
        while (!asked_.empty()) {
            REQUIRE_FALSE(held_.empty());
            const LeaseId id = held_.begin()->first;
            asked_.erase(id);
            held_.erase(id);
            bench_.table.end(id);
            settle();
        }
        for (const std::string& rig : names_) {
            REQUIRE(bench_.table.holder(rig).empty());
        }
        REQUIRE(bench_.table.leases().empty());
        REQUIRE_FALSE(bench_.table.next_expiry());
    }

  private:
    std::uint64_t below(std::uint64_t n) { return random_.below(n, number_, draw_++); }
    std::string any_rig() { return names_[below(names_.size())]; }
    template <class Act>
    void with_any(const std::set<LeaseId>& ids, Act act) {
        if (!ids.empty()) {
            act(*std::next(ids.begin(), static_cast<long>(below(ids.size()))));
        }
    }

    void ask() {
        std::set<std::string> rigs;
        for (const std::string& name : names_) {
            if (below(2) == 0) {
                rigs.insert(name);
            }
        }
        const Seconds time_to_live(static_cast<double>(below(2) * (1 + below(5))));
        const LeaseId id = bench_.table.wait_for(
            {.rigs = rigs, .priority = static_cast<int>(below(3)), .time_to_live = time_to_live});
        asked_.insert(id);
        terms_[id] = {.rigs = rigs, .time_to_live = time_to_live};
    }

    void settle() {
        take_news();
        while (!settling_.empty()) {
            bench_.table.made_safe(*settling_.begin());
            settling_.erase(settling_.begin());
            take_news();
        }
    }

    void take_news() {
        for (LeaseTable::News& news : bench_.table.take_news()) {
            if (news.what == What::granted) {
                granted(news.lease);
            } else if (news.what == What::lost) {
                lost(news.lease, news.how);
            } else {
                settling_.insert(news.rig);
                held_by_.erase(news.rig);
            }
        }
        for (const auto& [id, rigs] : held_) {
            for (const std::string& name : rigs) {
                const auto reasons = bench_.table.blocks(name);
                REQUIRE(std::ranges::none_of(reasons, [](const phyll::rig::RigBlock& block) {
                    return block.kind != BlockKind::not_safe;
                }));
            }
        }
    }

    void granted(LeaseId id) {
        REQUIRE(asked_.contains(id));
        REQUIRE(once_.insert(id).second);
        for (const std::string& rig : terms_[id].rigs) {
            REQUIRE_FALSE(settling_.contains(rig));
            REQUIRE(held_by_.emplace(rig, id).second);
        }
        held_[id] = terms_[id].rigs;
        renewed_[id] = bench_.clock.now();
    }

    void lost(LeaseId id, LeaseEnd how) {
        REQUIRE(held_.erase(id) == 1);
        asked_.erase(id);
        const bool late = terms_[id].time_to_live.count() > 0 &&
                          bench_.clock.now() - renewed_[id] >= terms_[id].time_to_live;
        if (how == LeaseEnd::expired) {
            REQUIRE(late);
        }
    }

    const KeyedRandom& random_;
    std::uint64_t number_;
    std::uint64_t draw_ = 0;
    const std::vector<std::string> names_{"a", "b", "c"};
    TableBench bench_;
    std::set<LeaseId> asked_; ///< not over
    std::set<LeaseId> once_;  ///< were granted
    std::map<LeaseId, std::set<std::string>> held_;
    std::map<std::string, LeaseId> held_by_;
    std::map<LeaseId, LeaseTerms> terms_;
    std::map<LeaseId, Clock::Monotonic> renewed_;
    std::set<std::string> settling_;
};

} // namespace

TEST_CASE("no rig has two holders and nobody waits for ever, in random sequences") {
    const KeyedRandom random(1, "leases");
    for (std::uint64_t number = 0; number < 1000; ++number) {
        INFO("sequence " << number);
        LeaseSequence sequence(random, number);
        for (int step = 0; step < 60; ++step) {
            sequence.step();
        }
        sequence.finish();
    }
}
