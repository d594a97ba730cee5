#include "daemon/rig/rig_factory.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <optional>
#include <vector>

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

TEST_CASE("every simulation can be built from empty options, behind its guard") {
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
        if (kind.ends_with("-instruments")) {
            REQUIRE_THROWS_WITH(rig::make_rig(config, workers, clock, {}),
                                Catch::Contains("nothing of it befalls a rig made of instruments"));
            continue;
        }
        const auto layer = rig::make_rig(config, workers, clock, {}).layer;
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
    const auto layer = rig::make_rig(config, workers, clock, {}).layer;
    REQUIRE(layer->spec().max_batch == 3);
    const OwnedBlock x(layer->spec().n_in(), 3);
    OwnedBlock y(layer->spec().n_out(), 3);
    REQUIRE_NOTHROW(layer->query(x.view(), y.view(), {}));
    REQUIRE_THROWS_AS(layer->query(x.view(), y.view(), {}), Error);
    REQUIRE_NOTHROW(layer->query(x.view(), y.view(), {}));
}

TEST_CASE("a simulated rig can be displaced and made to fail while it lives") {
    Workers workers(1);
    SystemClock clock;
    v1::RigConfig config = config_of("electronic");
    const rig::MadeRig made = rig::make_rig(config, workers, clock, {});
    config.mutable_simulation()->set_perturb(0.1);
    const rig::MadeRig displaced = rig::make_rig(config, workers, clock, {});
    REQUIRE(made.controls);
    REQUIRE(made.controls->perturbation() == 0.0);
    REQUIRE(displaced.controls->perturbation() == 0.1);
    const auto answer = [](PhysicalLayer& layer) {
        OwnedBlock x(layer.spec().n_in(), 1);
        x.sample(0)[2] = 0.75F;
        OwnedBlock y(layer.spec().n_out(), 1);
        layer.query(std::as_const(x).view(), y.view(), {});
        return std::vector<float>(y.sample(0).begin(), y.sample(0).end());
    };
    const std::vector<float> nominal = answer(*made.layer);
    REQUIRE(made.controls->perturb(0.1) > 0.0);
    REQUIRE(made.controls->perturbation() == 0.1);
    REQUIRE(answer(*made.layer) == answer(*displaced.layer));
    REQUIRE(answer(*made.layer) != nominal);

    v1::FaultConfig fault;
    fault.set_kind("not_finite");
    fault.set_at_query(1);
    made.controls->inject(fault);
    REQUIRE_NOTHROW(answer(*made.layer));
    REQUIRE_THROWS_AS(answer(*made.layer), Error);
    REQUIRE_NOTHROW(answer(*made.layer));
    fault.set_kind("explode");
    REQUIRE_THROWS_WITH(made.controls->inject(fault),
                        Catch::StartsWith("kind: 'explode'; valid is 'fail', 'hang', 'stuck', "));
}

TEST_CASE("a rig without a table of its simulation is the one of seed 1") {
    Workers workers(1);
    SystemClock clock;
    const auto answer_of = [&](std::optional<std::uint64_t> seed) {
        v1::RigConfig config;
        config.set_name("r");
        config.set_kind("optical");
        if (seed) {
            config.mutable_simulation()->set_seed(*seed);
        }
        const auto layer = rig::make_rig(config, workers, clock, {}).layer;
        OwnedBlock x(layer->spec().n_in(), 1);
        x.sample(0)[1] = 0.5F;
        OwnedBlock y(layer->spec().n_out(), 1);
        layer->query(std::as_const(x).view(), y.view(), {});
        return std::vector<float>(y.sample(0).begin(), y.sample(0).end());
    };
    REQUIRE(answer_of(std::nullopt) == answer_of(1));
    REQUIRE(answer_of(std::nullopt) != answer_of(0));
}
