// What becomes of a query of the acoustic rig when the sound card's service misbehaves at any of
// the messages that it takes, or the sound server behind it goes away.
#include "tests/conformance/misbehaving.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace phyll;
using namespace phyll::conformance;
using phyll::bench::Fault;

namespace {

struct Fixture : Misbehaving {
    Fixture()
        : Misbehaving(std::make_unique<AcousticBench>(phyll::bench::AcousticBench{},
                                                      "samples_per_block = 2\n"),
                      2e-3F) {}
};

/// A query of five samples plays three blocks, and collects each: more messages than that.
constexpr std::uint64_t blocks = 5;

} // namespace

TEST_CASE("acoustic: a connection that breaks at any message is survived, in silence") {
    Fixture f;
    f.check_every_message(Fault::disconnect, 1, 0, blocks);
    CHECK(f.lab->figure("audio", "steps") == 0);
}

TEST_CASE("acoustic: an answer that does not come at any message is survived") {
    Fixture().check_every_message(Fault::drop, 1, 0, blocks);
}

TEST_CASE("acoustic: a sound server that is killed at any message is found again") {
    Fixture().check_every_message(Fault::power_cycle, 2, 0, blocks);
}

TEST_CASE("acoustic: a sound card that refuses at any message is believed") {
    Fixture().check_every_message(Fault::error, 1, 0, blocks);
}

TEST_CASE("acoustic: a sound card that is slow at any message is waited for") {
    Fixture().check_every_message(Fault::delay, 1, 0.001, blocks);
}

TEST_CASE("acoustic: a sound card that answers nothing any more is given up, and found again") {
    Fixture().check_stuck({0, 3});
}

TEST_CASE("acoustic: bytes that are changed on the way end nothing for good") {
    Fixture().check_corruption(1, 8);
}

TEST_CASE("acoustic: another sound card that comes up at the address is not played on") {
    Fixture f;
    f.lab->bench().misbehave("audio", {.fault = Fault::identity, .text = "JACK,card,PHYLLSIM-X,1"});
    f.lab->bench().misbehave("audio", {.fault = Fault::disconnect, .at = 3});
    REQUIRE(test::code_of([&] { test::answer(*f.guard, f.x); }) == Code::unavailable);
    REQUIRE_THROWS_WITH(test::answer(*f.guard, f.x), Catch::Contains("PHYLLSIM-X"));
    f.lab->bench().release("audio");
    f.check_recovered();
}
