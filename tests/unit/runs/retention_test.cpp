#include "daemon/runs/retention.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using runs::expired;
using runs::RunEnd;

namespace {

constexpr double day = 86400.0;

v1::RetentionConfig rule(std::uint32_t runs, double days) {
    v1::RetentionConfig out;
    out.set_keep_runs(runs);
    out.set_keep_days(days);
    return out;
}

/// Run 2 ended before run 1; run 4 has not ended.
const std::vector<RunEnd> some{{.run = 1, .over = true, .finished = 5 * day},
                               {.run = 2, .over = true, .finished = 3 * day},
                               {.run = 3, .over = true, .finished = 8 * day},
                               {.run = 4, .over = false, .finished = 0}};

using Runs = std::set<std::uint64_t>;

Runs expired_runs(const v1::RetentionConfig& keep, double now) {
    const runs::Expired gone = expired(some, keep, now);
    REQUIRE(gone.groups.empty());
    return gone.runs;
}

} // namespace

TEST_CASE("without limits everything is kept") {
    REQUIRE(expired_runs(rule(0, 0), 1000 * day).empty());
}

TEST_CASE("the runs that ended last are kept, whatever their numbers") {
    REQUIRE(expired_runs(rule(3, 0), 9 * day).empty());
    REQUIRE(expired_runs(rule(2, 0), 9 * day) == Runs{2});
    REQUIRE(expired_runs(rule(1, 0), 9 * day) == Runs{1, 2});
}

TEST_CASE("runs go a number of days after their end") {
    REQUIRE(expired_runs(rule(0, 4), 9 * day) == Runs{2});
    REQUIRE(expired_runs(rule(0, 4), 9.5 * day) == Runs{1, 2});
    REQUIRE(expired_runs(rule(0, 4), 7 * day).empty());
}

TEST_CASE("a run that is not over stays, and either limit is enough for one that is") {
    REQUIRE(expired_runs(rule(1, 1), 100 * day) == Runs{1, 2, 3});
    REQUIRE(expired_runs(rule(2, 100), 9 * day) == Runs{2});
}

TEST_CASE("a group stays as long as one of its members does, then goes as a whole") {
    const std::vector<RunEnd> runs{{.run = 1, .group = 7, .over = true, .finished = 1 * day},
                                   {.run = 2, .over = true, .finished = 2 * day},
                                   {.run = 3, .group = 7, .over = true, .finished = 3 * day},
                                   {.run = 4, .group = 8, .over = true, .finished = 4 * day},
                                   {.run = 5, .group = 8, .over = false, .finished = 0}};
    const runs::Expired two = expired(runs, rule(2, 0), 5 * day);
    REQUIRE(two.runs == Runs{2});
    REQUIRE(two.groups.empty()); // run 3 is among the two that ended last
    const runs::Expired one = expired(runs, rule(1, 0), 5 * day);
    REQUIRE(one.runs == Runs{2});
    REQUIRE(one.groups == Runs{7});
    const runs::Expired old = expired(runs, rule(0, 1), 100 * day);
    REQUIRE(old.groups == Runs{7}); // of group 8 one is not over
}
