#include "drivers/core/error.hpp"
#include "drivers/core/guard.hpp"
#include "tests/support/scripted_layer.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace phyll;
using phyll::test::Script;
using phyll::test::ScriptedLayer;

namespace {

struct Bench {
    std::shared_ptr<Script> script = std::make_shared<Script>();
    Guard guard{std::make_unique<ScriptedLayer>(script)};
    OwnedBlock x{2, 3};
    OwnedBlock y{1, 3};

    Code ask() {
        try {
            guard.query(std::as_const(x).view(), y.view(), {});
            return Code::ok;
        } catch (const Error& error) {
            message = error.what();
            return error.code();
        }
    }
    std::string message;
};

} // namespace

TEST_CASE("what keeps the contract passes") {
    Bench bench;
    bench.x.sample(0)[0] = 1.0F;
    REQUIRE(bench.ask() == Code::ok);
    REQUIRE(bench.y.sample(0)[0] == 2.0F);
    REQUIRE(bench.script->made_safe == 0);
}

TEST_CASE("a drive outside [0, 1] is refused before the rig sees it") {
    Bench bench;
    const float bad = GENERATE(-0.001F, 1.001F, std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::infinity());
    bench.x.sample(2)[1] = bad;
    REQUIRE(bench.ask() == (std::isfinite(bad) ? Code::out_of_range : Code::invalid_argument));
    REQUIRE(bench.message.find("sample 2, channel 1") != std::string::npos);
    REQUIRE(bench.script->queries == 0);
}

TEST_CASE("wrong shapes are refused with both numbers") {
    Bench bench;
    SECTION("inputs") {
        bench.x = OwnedBlock(3, 3);
        REQUIRE(bench.ask() == Code::invalid_argument);
        REQUIRE(bench.message == "stimuli: 3 values per sample, but the rig has 2 inputs");
    }
    SECTION("batch") {
        bench.x = OwnedBlock(2, 5);
        bench.y = OwnedBlock(1, 5);
        REQUIRE(bench.ask() == Code::invalid_argument);
    }
    SECTION("nothing") {
        bench.x = OwnedBlock(2, 0);
        bench.y = OwnedBlock(1, 0);
        REQUIRE(bench.ask() == Code::invalid_argument);
    }
    SECTION("responses") {
        bench.y = OwnedBlock(2, 3);
        REQUIRE(bench.ask() == Code::invalid_argument);
    }
    REQUIRE(bench.script->queries == 0);
}

TEST_CASE("a response that cannot be true is not used, and the rig is made safe") {
    Bench bench;
    const float answer = GENERATE(2.5F, -2.5F, std::numeric_limits<float>::quiet_NaN());
    bench.script->answer = [=](ConstBlock, Block y, const QueryContext&) {
        y.sample(1)[0] = answer;
    };
    REQUIRE(bench.ask() == Code::data_loss);
    REQUIRE(bench.script->made_safe == 1);
}

TEST_CASE("a failing rig is made safe and its own words go through") {
    Bench bench;
    bench.script->answer = [](ConstBlock, Block, const QueryContext&) {
        throw Error(Code::unavailable, "out of order");
    };
    REQUIRE(bench.ask() == Code::unavailable);
    REQUIRE(bench.message == "out of order");
    REQUIRE(bench.script->made_safe == 1);
}

TEST_CASE("the guard makes the rig safe when it goes") {
    const auto script = std::make_shared<Script>();
    {
        const Guard guard(std::make_unique<ScriptedLayer>(script));
    }
    REQUIRE(script->made_safe == 1);
}
