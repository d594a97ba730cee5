#include "daemon/rig/lease_table.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

using namespace phyll;
using rig::LeaseId;
using rig::LeaseTable;

namespace {

LeaseId take(LeaseTable& table, std::set<std::string> rigs, const std::string& holder) {
    return table.take(std::move(rigs), holder, [](LeaseId) {});
}

/// Ends a lease and makes its rigs safe at once.
void end(LeaseTable& table, LeaseId id) {
    for (const std::string& rig : table.end(id)) {
        table.made_safe(rig);
    }
}

} // namespace

TEST_CASE("a free rig is granted at once and refused to the next") {
    LeaseTable table;
    const LeaseId first = take(table, {"a"}, "run 1");
    REQUIRE(table.holder("a") == "run 1");
    try {
        static_cast<void>(take(table, {"a", "b"}, "run 2"));
        FAIL("the rig is held");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::failed_precondition);
        REQUIRE(std::string(error.what()).find("held by run 1") != std::string::npos);
    }
    REQUIRE(table.holder("b").empty());
    end(table, first);
    REQUIRE(table.holder("a").empty());
}

TEST_CASE("a rig is handed on only after it was made safe") {
    LeaseTable table;
    const LeaseId first = take(table, {"a"}, "run 1");
    bool granted = false;
    table.wait_for({"a"}, "run 2", [&](LeaseId) { granted = true; });
    REQUIRE(table.end(first) == std::vector<std::string>{"a"});
    REQUIRE_FALSE(granted);
    REQUIRE(table.holder("a").empty());
    table.made_safe("a");
    REQUIRE(granted);
    REQUIRE(table.holder("a") == "run 2");
}

TEST_CASE("a rig that is being made safe is waited for, not refused") {
    LeaseTable table;
    const LeaseId first = take(table, {"a"}, "run 1");
    REQUIRE(table.end(first).size() == 1);
    bool granted = false;
    static_cast<void>(table.take({"a"}, "run 2", [&](LeaseId) { granted = true; }));
    REQUIRE_FALSE(granted);
    table.made_safe("a");
    REQUIRE(granted);
}

TEST_CASE("nobody overtakes a set that waits") {
    LeaseTable table;
    const LeaseId a = take(table, {"a"}, "run 1");
    std::vector<std::string> order;
    LeaseId both = 0;
    table.wait_for({"a", "b"}, "both", [&](LeaseId id) {
        both = id;
        order.emplace_back("both");
    });
    table.wait_for({"b"}, "late", [&](LeaseId) { order.emplace_back("late"); });
    REQUIRE(order.empty()); // b is free, but "both" came first
    REQUIRE(table.in_the_way({"b"}) == "both");
    end(table, a);
    REQUIRE(order == std::vector<std::string>{"both"});
    end(table, both);
    REQUIRE(order == std::vector<std::string>{"both", "late"});
}

TEST_CASE("a withdrawn wait clears the way for those behind it") {
    LeaseTable table;
    const LeaseId a = take(table, {"a"}, "run 1");
    const LeaseId both = table.wait_for({"a", "b"}, "both", [](LeaseId) { FAIL("withdrawn"); });
    bool late = false;
    table.wait_for({"b"}, "late", [&](LeaseId) { late = true; });
    REQUIRE(table.end(both).empty());
    REQUIRE(late);
    end(table, a);
}

TEST_CASE("a lease may be ended from inside the call that grants it") {
    LeaseTable table;
    std::vector<int> granted;
    const LeaseId first = take(table, {"a"}, "run 1");
    for (int i = 0; i < 3; ++i) {
        table.wait_for({"a"}, "next", [&, i](LeaseId id) {
            granted.push_back(i);
            end(table, id);
        });
    }
    end(table, first);
    REQUIRE(granted == std::vector<int>{0, 1, 2});
    REQUIRE(table.holder("a").empty());
}

TEST_CASE("no rig has two holders and nobody waits for ever, in random sequences") {
    const KeyedRandom random(1, "leases");
    const std::vector<std::string> names{"a", "b", "c"};
    for (std::uint64_t sequence = 0; sequence < 200; ++sequence) {
        LeaseTable table;
        std::map<LeaseId, std::set<std::string>> held;
        std::set<LeaseId> asked;
        std::uint64_t draw = 0;
        const auto next = [&](std::uint64_t n) { return random.below(n, sequence, draw++); };
        const auto grant = [&](const std::set<std::string>& rigs) {
            return [&held, rigs](LeaseId id) {
                for (const auto& [other, taken] : held) {
                    for (const std::string& rig : rigs) {
                        REQUIRE_FALSE(taken.contains(rig));
                    }
                }
                held[id] = rigs;
            };
        };
        for (int step = 0; step < 40; ++step) {
            if (next(2) == 0) {
                std::set<std::string> rigs;
                for (const std::string& name : names) {
                    if (next(2) == 0) {
                        rigs.insert(name);
                    }
                }
                asked.insert(table.wait_for(rigs, "somebody", grant(rigs)));
            } else if (!asked.empty()) {
                const LeaseId id = *std::next(asked.begin(), static_cast<long>(next(asked.size())));
                asked.erase(id);
                held.erase(id);
                end(table, id);
            }
        }
        while (!asked.empty()) {
            REQUIRE_FALSE(held.empty()); // somebody always gets on
            const LeaseId id = held.begin()->first;
            asked.erase(id);
            held.erase(id);
            end(table, id);
        }
        for (const std::string& name : names) {
            REQUIRE(table.holder(name).empty());
        }
    }
}
