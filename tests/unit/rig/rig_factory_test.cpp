#include "daemon/rig/rig_factory.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

using namespace phyll;

namespace {

v1::RigConfig config_of(const std::string& kind) {
    v1::RigConfig config;
    config.set_name("r");
    config.set_kind(kind);
    config.mutable_simulation()->set_seed(1);
    return config;
}

} // namespace

TEST_CASE("every kind but those of recordings can be built from empty options, behind its guard") {
    Workers workers(1);
    SystemClock clock;
    for (const std::string& kind : rig::rig_kinds()) {
        v1::RigConfig config = config_of(kind);
        config.mutable_options()->PackFrom(*rig::new_rig_options(kind));
        if (kind == "replay" || kind == "twin") {
            // Nothing without a recording, and it says so.
            REQUIRE_THROWS_WITH(rig::make_rig(config, workers, clock, {}),
                                Catch::Contains("recording.stimuli: missing"));
            continue;
        }
        const auto layer = rig::make_rig(config, workers, clock, {});
        REQUIRE(layer->spec().kind == kind);
        OwnedBlock x(layer->spec().n_in(), 1);
        x.sample(0)[0] = 2.0F;
        OwnedBlock y(layer->spec().n_out(), 1);
        REQUIRE_THROWS_AS(layer->query(std::as_const(x).view(), y.view(), {}), Error);
    }
}

TEST_CASE("a kind that does not exist names those that do") {
    Workers workers(1);
    SystemClock clock;
    try {
        static_cast<void>(rig::make_rig(config_of("acustic"), workers, clock, {}));
        FAIL("there is no such kind");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::not_found);
        REQUIRE(std::string(error.what()).find("acoustic, echo") != std::string::npos);
    }
    REQUIRE(rig::new_rig_options("acustic") == nullptr);
}

TEST_CASE("the configuration bounds the batch and plants faults") {
    Workers workers(1);
    SystemClock clock;
    v1::RigConfig config = config_of("echo");
    config.set_max_batch(3);
    v1::FaultConfig& fault = *config.mutable_simulation()->add_faults();
    fault.set_kind("fail");
    fault.set_at_query(1);
    fault.set_count(1);
    const auto layer = rig::make_rig(config, workers, clock, {});
    REQUIRE(layer->spec().max_batch == 3);
    const OwnedBlock x(layer->spec().n_in(), 3);
    OwnedBlock y(layer->spec().n_out(), 3);
    REQUIRE_NOTHROW(layer->query(x.view(), y.view(), {}));
    REQUIRE_THROWS_AS(layer->query(x.view(), y.view(), {}), Error);
    REQUIRE_NOTHROW(layer->query(x.view(), y.view(), {}));
}
