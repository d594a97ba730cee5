#include "daemon/runs/run_state.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>

using namespace phyll;
using runs::is_final;
using runs::may_go;

TEST_CASE("a run goes only where the state table lets it") {
    const std::map<v1::RunState, std::set<v1::RunState>> table{
        {v1::QUEUED, {v1::RUNNING, v1::RUN_CANCELLED, v1::FAILED, v1::HELD}},
        {v1::RUNNING,
         {v1::SUCCEEDED, v1::FAILED, v1::PAUSED, v1::HELD, v1::RUN_CANCELLED, v1::QUEUED}},
        {v1::PAUSED, {v1::RUNNING, v1::QUEUED, v1::RUN_CANCELLED, v1::PAUSED}},
        {v1::HELD, {v1::RUNNING, v1::QUEUED, v1::FAILED, v1::RUN_CANCELLED, v1::HELD}},
        {v1::SUCCEEDED, {}},
        {v1::FAILED, {}},
        {v1::RUN_CANCELLED, {}},
    };
    for (const auto& [from, allowed] : table) {
        for (const auto& [to, ignored] : table) {
            INFO(runs::name_of(from) << " -> " << runs::name_of(to));
            REQUIRE(may_go(from, to) == allowed.contains(to));
        }
        REQUIRE(is_final(from) == allowed.empty());
    }
    REQUIRE_FALSE(may_go(v1::RUN_STATE_UNSPECIFIED, v1::QUEUED));
}
