// The example keeps the contract that every rig keeps, on the virtual instruments of phyllsim.
#include "examples/adding-a-rig/static_response.pb.h"
#include "examples/adding-a-rig/static_response_rig.hpp"
#include "tests/conformance/suite.hpp"
#include "tests/conformance/with_lab.hpp"
#include "tests/support/read_toml.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using conformance::ElectronicBench;

namespace {

std::unique_ptr<rigs::InstrumentRig> static_response(const ElectronicBench& bench,
                                                     const Clock& clock) {
    const rigs::InstrumentRigKind kind = examples::static_response_kind();
    const auto options = kind.new_options();
    test::read_toml()("generator = \"generator\"\ndigitiser = \"digitiser\"\nvoltages = 3",
                      "options", *options);
    const instruments::Shelf shelf = bench.shelf(clock);
    return kind.make(*options, {.shelf = shelf, .clock = clock});
}

} // namespace

TEST_CASE("the example of a rig keeps the contract") {
    constexpr double step = 2.0 / 4096; // of the digitiser, V
    conformance::check_contract(
        {.make = [](Workers&, const Clock& clock) -> std::unique_ptr<PhysicalLayer> {
             auto bench = std::make_unique<ElectronicBench>(); // one of its own for each rig
             auto rig = static_response(*bench, clock);
             return std::make_unique<conformance::WithLab>(std::move(bench), std::move(rig));
         },
         .tolerance = 1.1 * step});
}

TEST_CASE("the example of a rig measures a diode's curve") {
    const SystemClock clock;
    ElectronicBench bench;
    const auto rig = static_response(bench, clock);
    OwnedBlock x(3, 1);
    x.sample(0)[0] = 0.0F;
    x.sample(0)[1] = 0.2F;
    x.sample(0)[2] = 1.0F;
    const OwnedBlock y = test::answer(*rig, x);
    REQUIRE(y.sample(0)[0] == Approx(0.0).margin(1e-3));
    REQUIRE(y.sample(0)[1] > 0.35);
    REQUIRE(y.sample(0)[2] < 1.6 * y.sample(0)[1]); // five times the voltage, diodes conducting
    REQUIRE(y.sample(0)[2] > y.sample(0)[1]);
}
