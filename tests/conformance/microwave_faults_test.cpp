// What becomes of a query of the microwave rig when an instrument misbehaves at any of the messages
// that it takes.
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
        : Misbehaving(
              std::make_unique<MicrowaveBench>(phyll::bench::MicrowaveBench{}, "points = 8"),
              1e-5F) {}
    /// An analyser is never preset, whatever happens.
    ~Fixture() { CHECK(lab->figure("vna", "resets") == 0); }
};

/// A query of five samples sends as many patterns, each a message.
constexpr std::uint64_t patterns = 4;

} // namespace

TEST_CASE("microwave: a connection that breaks at any message is survived, RF off meanwhile") {
    Fixture().check_every_message(Fault::disconnect, 1, 0, patterns);
}

TEST_CASE("microwave: an answer that does not come at any message is survived") {
    Fixture().check_every_message(Fault::drop, 2, 0, patterns);
}

TEST_CASE("microwave: an instrument that is switched off and on at any message is set up anew") {
    Fixture().check_every_message(Fault::power_cycle, 2, 0, patterns);
}

TEST_CASE("microwave: a cable that is pulled and put in again at any message is survived") {
    Fixture f;
    for (std::uint64_t at = 0; at < 5; ++at) {
        CAPTURE(at);
        static_cast<void>(f.ask("metasurface", {.fault = Fault::unplug, .at = at, .count = 1}));
        f.check_recovered();
    }
}

TEST_CASE("microwave: an instrument that is slow at any message is waited for") {
    Fixture().check_every_message(Fault::delay, 7, 0.001, patterns);
}

TEST_CASE("microwave: an instrument that answers nothing any more is given up, and found again") {
    Fixture().check_stuck({0, 3});
}

TEST_CASE("microwave: bytes that are changed on the way end nothing for good") {
    Fixture().check_corruption(5, 60);
}

TEST_CASE("microwave: an analyser that reports an error at any message is believed") {
    Fixture f;
    for (std::uint64_t at = 0; at < 60; at += 7) {
        CAPTURE(at);
        static_cast<void>(
            f.ask("vna", {.fault = Fault::error, .at = at, .count = 1, .text = "-310,\"no\""}));
        f.check_recovered(true);
    }
}

TEST_CASE("microwave: another instrument that comes up at the address is not driven") {
    Fixture f;
    f.lab->bench().misbehave("vna",
                             {.fault = Fault::identity, .text = "Rohde-Schwarz,ZNB8,PHYLLSIM-X,1"});
    f.lab->bench().misbehave("vna", {.fault = Fault::disconnect, .at = 3});
    REQUIRE(test::code_of([&] { test::answer(*f.guard, f.x); }) == Code::unavailable);
    REQUIRE_THROWS_WITH(test::answer(*f.guard, f.x), Catch::Contains("PHYLLSIM-X"));
    f.lab->bench().release("vna");
    f.check_recovered();
}
