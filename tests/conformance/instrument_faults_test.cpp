// What becomes of a query when an instrument misbehaves at any of the messages that it takes.
#include "tests/conformance/misbehaving.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

using namespace phyll;
using namespace phyll::conformance;
using phyll::bench::Fault;

namespace {

/// A rig that takes three waveforms for a query; answers differ by no more than what a step of the
/// digitiser is.
struct Fixture : Misbehaving {
    Fixture()
        : Misbehaving(std::make_unique<ElectronicBench>(phyll::bench::ElectronicBench{},
                                                        "samples_per_record = 2"),
                      1.1F * 2 / 4096) {}
};

} // namespace

TEST_CASE("a connection that breaks at any message is survived, with the output off meanwhile") {
    Fixture().check_every_message(Fault::disconnect, 1);
}

TEST_CASE("an answer that does not come at any message is survived") {
    Fixture().check_every_message(Fault::drop, 3);
}

TEST_CASE("an instrument that is switched off and on at any message is set up anew") {
    Fixture().check_every_message(Fault::power_cycle, 3);
}

TEST_CASE("an instrument that reports an error at any message is believed") {
    Fixture().check_every_message(Fault::error, 5);
}

TEST_CASE("an instrument that is slow at any message is waited for") {
    Fixture().check_every_message(Fault::delay, 7, 0.001);
}

TEST_CASE("an instrument that answers nothing any more is given up, and found again") {
    Fixture().check_stuck({0, 4, 20, 40});
}

TEST_CASE("a record that is not its stimulus's is taken again, and counted") {
    Fixture f;
    const auto [fault, at] = GENERATE(table<Fault, std::uint64_t>({{Fault::stale, 0},
                                                                   {Fault::stale, 1},
                                                                   {Fault::stale, 2},
                                                                   {Fault::missed_trigger, 0},
                                                                   {Fault::missed_trigger, 2}}));
    const std::uint64_t before = f.rig->retaken();
    f.lab->bench().misbehave("digitiser", {.fault = fault, .at = at, .count = 2});
    f.check_answer();
    REQUIRE(f.rig->retaken() == before + 2);
    REQUIRE(f.guard->health().reason.find("taken again") != std::string::npos);
}

TEST_CASE("a record that never is its stimulus's fails the query") {
    Fixture f;
    f.lab->bench().misbehave("digitiser", {.fault = Fault::stale, .count = 100});
    REQUIRE_THROWS_WITH(test::answer(*f.guard, f.x),
                        Catch::Contains("belongs to its stimulus, after 3 more"));
    REQUIRE_FALSE(f.lab->output_on());
    f.lab->bench().release("digitiser");
    f.check_recovered();
}

TEST_CASE("another instrument that comes up at the address is not driven") {
    Fixture f;
    f.lab->bench().misbehave("generator", {.fault = Fault::identity,
                                           .text = "Keysight Technologies,33512B,PHYLLSIM-X,1"});
    f.lab->bench().misbehave("generator", {.fault = Fault::disconnect, .at = 3});
    REQUIRE(test::code_of([&] { test::answer(*f.guard, f.x); }) == Code::unavailable);
    REQUIRE_THROWS_WITH(test::answer(*f.guard, f.x), Catch::Contains("PHYLLSIM-X"));
    REQUIRE_FALSE(f.rig->instruments().at(0)->status().connected);
    f.lab->bench().release("generator");
    f.check_recovered();
}

TEST_CASE("bytes that are changed on the way end nothing for good") {
    Fixture().check_corruption(4, 80);
}
