#include "daemon/rpc/budget.hpp"

#include <catch2/catch.hpp>

#include <thread>
#include <vector>

using namespace phyll;
using rpc::Budget;
using rpc::little;

TEST_CASE("a client holds what it may, and what it gives back it may hold again") {
    const Budget budget(10 * little, 100 * little);
    Budget::Account account = budget.open_account();
    REQUIRE(account.empty());
    std::optional<Budget::Share> first = account.take(6 * little);
    std::optional<Budget::Share> second = account.take(4 * little);
    REQUIRE((first && second));
    REQUIRE_FALSE(account.take(1));
    first.reset();
    REQUIRE_FALSE(account.take(6 * little + 1));
    first = account.take(6 * little);
    REQUIRE(first);
    first.reset();
    second.reset();
    REQUIRE(account.empty());
    REQUIRE(budget.held() == 0);
}

TEST_CASE("one message however large passes beside little") {
    const Budget budget(10 * little, 100 * little);
    Budget::Account account = budget.open_account();
    const auto small_talk = account.take(little);
    const auto large = account.take(50 * little);
    REQUIRE((small_talk && large));
    REQUIRE_FALSE(account.take(1));
}

TEST_CASE("what all hold bounds each, but for what is little") {
    const Budget budget(10 * little, 15 * little);
    Budget::Account greedy = budget.open_account();
    Budget::Account other = budget.open_account();
    const auto flood = greedy.take(10 * little);
    REQUIRE(flood);
    REQUIRE_FALSE(other.take(6 * little));
    const auto some = other.take(5 * little);
    REQUIRE(some);
    Budget::Account third = budget.open_account();
    REQUIRE_FALSE(third.take(little + 1));
    const auto small_talk = third.take(little);
    REQUIRE(small_talk);
    REQUIRE_FALSE(third.take(1));
}

TEST_CASE("shares are given back on any thread, also when their budget is gone") {
    std::vector<Budget::Share> shares;
    {
        const Budget budget(little, little);
        Budget::Account account = budget.open_account();
        for (int i = 0; i < 100; ++i) {
            shares.push_back(account.take(10).value());
        }
        std::thread([&] { shares.erase(shares.begin() + 50, shares.end()); }).join();
        REQUIRE(budget.held() == 500);
    }
    shares.clear();
}
