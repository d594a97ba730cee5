#include "daemon/config/defaults.hpp"
#include "tests/unit/config/toy_kinds.hpp"

#include <phyll/v1/config.pb.h>

#include <catch2/catch.hpp>

#include <google/protobuf/util/message_differencer.h>

using namespace phyll;

namespace {

template <class Message>
Message completed(Message message) {
    config::apply_defaults(message, ToyKinds{});
    return message;
}

} // namespace

TEST_CASE("optional fields get their rule's default, given ones keep their value") {
    v1::TrainingSpec given;
    given.set_epochs(5);
    const v1::TrainingSpec training = completed(given);
    REQUIRE(training.epochs() == 5);
    REQUIRE(training.has_batch());
    REQUIRE(training.batch() == 0);
    REQUIRE(training.learning_rate() == 0.002);
    REQUIRE(training.schedule() == "greedy");
    REQUIRE(completed(v1::LayerConfig{}).physics());
}

TEST_CASE("a value of zero that was given is kept") {
    v1::LayerConfig layer;
    layer.set_physics(false);
    REQUIRE_FALSE(completed(layer).physics());
}

TEST_CASE("messages are made where absent means as usual") {
    v1::RunSpec given;
    given.add_layers();
    const v1::RunSpec run = completed(given);
    REQUIRE(run.training().epochs() == 200);
    REQUIRE(run.scheme().kind() == "phyll");
    REQUIRE(run.layers(0).width() == 20);
    REQUIRE(run.layers(0).encoding().kind() == "standard");
}

TEST_CASE("messages are not made where absent means none or is an error") {
    REQUIRE_FALSE(completed(v1::RigConfig{}).has_simulation());
    REQUIRE_FALSE(completed(v1::RunSpec{}).has_data());
    v1::RigConfig rig;
    rig.mutable_simulation()->add_faults();
    const v1::RigConfig done = completed(rig);
    REQUIRE(done.simulation().seed() == 1);
    REQUIRE(done.simulation().faults(0).count() == 1);
}

TEST_CASE("whoever has a kind gets that kind's options") {
    const v1::RunSpec run = completed(v1::RunSpec{});
    v1::TrainingSpec options;
    REQUIRE(run.scheme().options().UnpackTo(&options));
    REQUIRE(options.epochs() == 200);

    v1::RigConfig echo;
    echo.set_kind("echo");
    REQUIRE(completed(echo).options().Is<google::protobuf::Empty>());
}

TEST_CASE("packed options get their defaults") {
    v1::TrainingSpec options;
    options.set_epochs(3);
    v1::SchemeSpec scheme;
    scheme.mutable_options()->PackFrom(options);
    REQUIRE(completed(scheme).options().UnpackTo(&options));
    REQUIRE(options.epochs() == 3);
    REQUIRE(options.inner_steps() == 10);
}

TEST_CASE("options that are not the kind's are left alone") {
    v1::RigConfig rig;
    rig.set_kind(GENERATE("toy", "no such kind", ""));
    rig.mutable_options()->PackFrom(v1::TrainingSpec{});
    REQUIRE(completed(rig).options().value().empty());
    REQUIRE(completed(rig).options().Is<v1::TrainingSpec>());
}

TEST_CASE("defaults applied twice change nothing") {
    v1::RunSpec given;
    given.add_layers();
    const v1::RunSpec once = completed(given);
    REQUIRE(google::protobuf::util::MessageDifferencer::Equals(completed(once), once));
}
