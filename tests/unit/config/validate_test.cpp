#include "daemon/config/validate.hpp"
#include "tests/unit/config/toy_kinds.hpp"

#include <phyll/v1/config.pb.h>
#include <phyll/v1/runs.pb.h>

#include <catch2/catch.hpp>

#include <limits>

using namespace phyll;

namespace {

Outcome check(const google::protobuf::Message& message) {
    return outcome_of([&] {
        config::Problems problems;
        config::validate(message, ToyKinds{}, problems);
        problems.throw_if_any();
    });
}

v1::RigConfig toy_rig() {
    v1::RigConfig rig;
    rig.set_name("a");
    rig.set_kind("toy");
    return rig;
}

} // namespace

TEST_CASE("a message over the wire is answered with paths and no places") {
    v1::RunSpec run;
    run.mutable_data()->set_kind("vowels");
    run.add_layers();
    run.add_layers()->set_width(0);
    const Outcome outcome = check(run);
    REQUIRE(outcome.message == "layers[1].width: 0; valid is 1 to 65536");
    REQUIRE(outcome.violations ==
            std::vector<FieldViolation>{{"layers[1].width", "0; valid is 1 to 65536"}});
}

TEST_CASE("what was not given is checked for being required only") {
    REQUIRE(check(v1::TrainingSpec{}).message.empty());
    REQUIRE(check(v1::FaultConfig{}).message == "kind: missing");
    REQUIRE(check(v1::RunSpec{}).message == "data: missing");
}

TEST_CASE("both ends of a range") {
    v1::TrainingSpec training;
    training.set_epochs(1);
    training.set_learning_rate(10.0);
    REQUIRE(check(training).message.empty());
    training.set_epochs(1000001);
    training.set_learning_rate(0.0);
    REQUIRE(check(training).message == "epochs: 1000001; valid is 0 to 1000000\n"
                                       "learning_rate: 0; valid is more than 0, at most 10");
}

TEST_CASE("a range without an upper end, with a unit") {
    v1::Simulation simulation;
    simulation.set_drift_samples(-1.0);
    REQUIRE(check(simulation).message == "drift_samples: -1; valid is 0 or more samples");
    v1::FaultConfig fault;
    fault.set_kind("fail");
    fault.set_count(0);
    REQUIRE(check(fault).message == "count: 0; valid is 1 to 4294967295");
}

TEST_CASE("numbers are finite, whether a rule says so or not") {
    v1::RunInfo info;
    info.set_started(std::numeric_limits<double>::infinity());
    REQUIRE(check(info).message == "started: inf; a finite number is expected");
    v1::TrainingSpec training;
    training.set_learning_rate(std::numeric_limits<double>::quiet_NaN());
    REQUIRE(check(training).message == "learning_rate: nan; a finite number is expected");
}

TEST_CASE("one of several texts") {
    v1::TrainingSpec training;
    training.set_schedule("gredy");
    REQUIRE(check(training).message == "schedule: 'gredy'; valid is 'greedy', 'simultaneous'; did "
                                       "you mean 'greedy'?");
}

TEST_CASE("kinds must exist") {
    v1::RigConfig rig = toy_rig();
    REQUIRE(check(rig).message.empty());
    rig.set_kind("ecko");
    REQUIRE(check(rig).message ==
            "kind: 'ecko'; valid is 'acoustic', 'echo', 'toy'; did you mean 'echo'?");
    v1::SchemeSpec scheme; // the default kind is one
    REQUIRE(check(scheme).message.empty());
}

TEST_CASE("packed options are checked, under their own path") {
    v1::DaemonConfig lab;
    v1::RigConfig& rig = *lab.add_rigs() = toy_rig();
    v1::Encoding options;
    options.set_kind("wavelet");
    rig.mutable_options()->PackFrom(options);
    REQUIRE(check(lab).violations.at(0).field == "rigs[0].options.kind");
}

TEST_CASE("options of another kind, or torn ones, are refused") {
    v1::RigConfig rig = toy_rig();
    rig.mutable_options()->PackFrom(v1::TrainingSpec{});
    REQUIRE(check(rig).message ==
            "options: a message 'phyll.v1.TrainingSpec'; kind 'toy' takes phyll.v1.Encoding");
    rig.mutable_options()->PackFrom(v1::Encoding{});
    rig.mutable_options()->set_value("\xff");
    REQUIRE(check(rig).message == "options: not readable as phyll.v1.Encoding");
}

TEST_CASE("options within options are not opened, however deep they go") {
    google::protobuf::Any nested;
    for (int i = 0; i < 200; ++i) {
        google::protobuf::Any outer;
        outer.PackFrom(nested);
        nested = outer;
    }
    v1::RigConfig rig = toy_rig();
    *rig.mutable_options() = nested;
    REQUIRE(check(rig).message ==
            "options: a message 'google.protobuf.Any'; kind 'toy' takes phyll.v1.Encoding");
}
