#include "daemon/config/load.hpp"
#include "tests/unit/config/toy_kinds.hpp"

#include <catch2/catch.hpp>

using namespace phyll;

namespace {

const std::string smallest = R"(data.kind = "vowels"
[[layers]]
rig = "cavity"
)";

std::string lab_refusal(const std::string& text) {
    return outcome_of(
               [&] { static_cast<void>(config::load_daemon_config(text, "lab.toml", ToyKinds{})); })
        .message;
}

std::string run_refusal(const std::string& text, const std::vector<std::string>& overrides = {}) {
    return outcome_of([&] {
               static_cast<void>(config::load_run_spec(text, "run.toml", overrides, ToyKinds{}));
           })
        .message;
}

/// Whatever kind there is, without options of its own.
class AnyKind final : public config::OptionsResolver {
  public:
    [[nodiscard]] std::unique_ptr<google::protobuf::Message>
    make(const std::string&, const std::string&) const override {
        return std::make_unique<google::protobuf::Empty>();
    }
    [[nodiscard]] std::vector<std::string> kinds(const std::string&) const override { return {}; }
};

} // namespace

TEST_CASE("the configuration that is built in is a lab of simulated rigs") {
    const v1::DaemonConfig lab =
        config::load_daemon_config(config::embedded_config(), "default.toml", AnyKind{});
    std::vector<std::string> names;
    for (const v1::RigConfig& rig : lab.rigs()) {
        names.push_back(rig.name());
        REQUIRE(rig.has_options());
        REQUIRE_FALSE(rig.has_simulation());
    }
    REQUIRE(names == std::vector<std::string>{"cavity", "box", "scatterer", "ladder", "echo"});
    REQUIRE(lab.rigs(0).kind() == "acoustic");
    REQUIRE(lab.listen() == "tcp://127.0.0.1:5570");
}

TEST_CASE("an empty configuration is one") {
    REQUIRE(config::load_daemon_config("", "lab.toml", ToyKinds{}).rigs().empty());
}

TEST_CASE("two instruments of one name or address are refused where the second is") {
    const std::string awg = "[[instruments]]\nname = 'awg'\nkind = 'generator'\naddress = 'x'\n";
    REQUIRE(lab_refusal(awg).empty());
    REQUIRE(
        lab_refusal(awg + "[[instruments]]\nname = 'awg'\nkind = 'generator'\naddress = 'y'\n") ==
        "lab.toml:6: instruments[1].name: 'awg' is already the name of instruments[0]");
    REQUIRE(lab_refusal(awg + "[[instruments]]\nname = 'b'\nkind = 'generator'\naddress = 'X'\n") ==
            "lab.toml:8: instruments[1].address: 'X' is already the address of instruments[0]");
    REQUIRE(lab_refusal("[[instruments]]\nname = 'awg'\nkind = 'oven'\naddress = 'x'\n")
                .starts_with("lab.toml:3: instruments[0].kind: 'oven'; valid is "));
}

TEST_CASE("a rig's name has no colon, which the names of simulations have") {
    REQUIRE(lab_refusal("[[rigs]]\nname = 'a:simulation'\nkind = 'toy'") ==
            "lab.toml:2: rigs[0].name: 'a:simulation'; valid is a name without ':'");
}

TEST_CASE("two rigs of one name are refused where the second is") {
    REQUIRE(lab_refusal("[[rigs]]\nname = 'a'\nkind = 'toy'\n[[rigs]]\nname = 'a'\nkind = 'toy'") ==
            "lab.toml:5: rigs[1].name: 'a' is already the name of rigs[0]");
    REQUIRE(lab_refusal("[[rigs]]\nkind = 'toy'\n[[rigs]]\nkind = 'toy'") ==
            "lab.toml:1: rigs[0].name: missing\nlab.toml:3: rigs[1].name: missing");
}

TEST_CASE("a rig or scheme of no known kind is refused with the nearest") {
    REQUIRE(lab_refusal("[[rigs]]\nname = 'a'\nkind = 'acustic'") ==
            "lab.toml:3: rigs[0].kind: 'acustic'; valid is 'acoustic', 'echo', 'toy'; did you mean "
            "'acoustic'?");
    REQUIRE(run_refusal("scheme.kind = 'phyl'\n" + smallest) ==
            "run.toml:1: scheme.kind: 'phyl'; valid is 'phyll', 'toy'; did you mean 'phyll'?");
}

TEST_CASE("the smallest run file gives a complete run") {
    const v1::RunSpec run = config::load_run_spec(smallest, "run.toml", {}, ToyKinds{});
    REQUIRE(run.seed() == 0);
    REQUIRE(run.has_seed());
    REQUIRE(run.training().epochs() == 200);
    REQUIRE(run.layers(0).width() == 20);
    REQUIRE(run.scheme().options().Is<v1::TrainingSpec>());
}

TEST_CASE("overrides reach the checks") {
    const std::vector<std::string> overrides{"layers.0.physics=false"};
    REQUIRE_FALSE(
        config::load_run_spec(smallest, "run.toml", overrides, ToyKinds{}).layers(0).physics());
    REQUIRE(run_refusal(smallest, {"layers=[]"}) ==
            "override 'layers=[]': layers: missing; a run needs at least one layer ([[layers]])");
}

TEST_CASE("an empty run file lacks data and layers") {
    REQUIRE(run_refusal("") == "run.toml: data: missing\n"
                               "run.toml: layers: missing; a run needs at least one layer "
                               "([[layers]])");
}

TEST_CASE("a syntax error is not followed by complaints about what is missing") {
    REQUIRE(run_refusal("data = ").starts_with("run.toml:1:8: "));
    REQUIRE(run_refusal("data = ").find('\n') == std::string::npos);
}

TEST_CASE("a layer has a rig or no physics") {
    REQUIRE(run_refusal("data.kind = 'vowels'\n[[layers]]\nwidth = 3") ==
            "run.toml:2: layers[0].rig: missing; it names the rig that does the layer's transform "
            "(or physics = false leaves the transform out)");
    REQUIRE(run_refusal("data.kind = 'vowels'\n[[layers]]\nphysics = false").empty());
    // The control of a network with skip paths: one key more on the command line.
    REQUIRE(run_refusal("data.kind = 'vowels'\n[[layers]]\nphysics = false\nskip = true").empty());
}

TEST_CASE("data of kind csv names file and label") {
    REQUIRE(run_refusal("data.file = 'x.csv'\ndata.label = 'y'\n" + smallest, {"data.kind=csv"})
                .empty());
    REQUIRE(run_refusal(smallest, {"data.kind=csv"}) ==
            "run.toml:1: data.file: missing; data of kind 'csv' is read from a file\n"
            "run.toml:1: data.label: missing; it names the column that holds the class");
}

TEST_CASE("keys that mean nothing for the kind are refused by name, where they stand") {
    const std::string layer = "[[layers]]\nrig = 'cavity'\n";
    CHECK(run_refusal("data.kind = 'idx'\ndata.x = 'images'\n" + layer) ==
          "run.toml:2: data.x: means nothing for kind 'idx'; it belongs to 'numpy'");
    CHECK(
        run_refusal("data.kind = 'xor'\ndata.file = 'a.csv'\ndata.test_fraction = 0.2\n" + layer) ==
        "run.toml:2: data.file: means nothing for kind 'xor'; it belongs to 'csv', 'idx', "
        "'numpy'\nrun.toml:3: data.test_fraction: means nothing for kind 'xor'; it belongs to "
        "'csv', 'idx', 'numpy'");
    CHECK(run_refusal("data.kind = 'vowels'\ndata.pair = [0, 1]\n" + layer) ==
          "run.toml:2: data.pair: means nothing for kind 'vowels'; it belongs to 'xor'");
    CHECK(run_refusal(smallest + "encoding = { kind = 'affine', bits = 2 }") ==
          "run.toml:4: layers[0].encoding.bits: means nothing for kind 'affine'; it belongs to "
          "'quantise'");
    // The kind that is not given is the default's.
    CHECK(
        run_refusal(smallest + "encoding.phase_range = 1.0") ==
        "run.toml:4: layers[0].encoding.phase_range: means nothing for kind 'standard'; it belongs "
        "to 'phase'");
    CHECK(run_refusal(smallest + "encoding = { kind = 'quantise', bits = 3, code = 'gray' }")
              .empty());
    CHECK(run_refusal("data.kind = 'xor'\ndata.inputs = 8\ndata.pair = [0, 1]\n" + layer).empty());
    // What else is wrong with the kind is said once.
    CHECK(run_refusal("data.kind = 'xorr'\ndata.inputs = 8\n" + layer).find("means nothing") ==
          std::string::npos);
}

TEST_CASE("a complete run is complete for its kinds, and accepted again") {
    v1::RunSpec run = config::load_run_spec(smallest, "run.toml", {}, ToyKinds{});
    CHECK_FALSE(run.data().has_test_fraction());
    CHECK_FALSE(run.data().has_inputs());
    CHECK_FALSE(run.layers(0).encoding().has_bits());
    const v1::RunSpec before = run;
    config::check_run_spec(run, ToyKinds{});
    CHECK(run.SerializeAsString() == before.SerializeAsString());
    const std::vector<std::string> xor_data{"data.kind=xor", "layers.0.encoding.kind=quantise"};
    run = config::load_run_spec(smallest, "run.toml", xor_data, ToyKinds{});
    CHECK(run.data().inputs() == 20);
    CHECK(run.layers(0).encoding().bits() == 2);
    CHECK(run.layers(0).encoding().code() == "gray");
    CHECK_FALSE(run.layers(0).encoding().has_phase_range());
}

TEST_CASE("what is asked of a rig is asked of a layer's rig, once") {
    REQUIRE(run_refusal(smallest + "[[rigs]]\nname = 'cavity'\nstart_age = 3").empty());
    REQUIRE(run_refusal(smallest + "[[rigs]]\nname = 'cavitty'") ==
            "run.toml:5: rigs[0].name: 'cavitty' is no layer's rig; the layers use 'cavity'");
    REQUIRE(run_refusal(smallest + "[[rigs]]\nname = 'cavity'\n[[rigs]]\nname = 'cavity'") ==
            "run.toml:7: rigs[1].name: 'cavity' is already the name of rigs[0]");
}

TEST_CASE("a run that came as a message is completed and checked alike") {
    v1::RunSpec run;
    run.mutable_data()->set_kind("vowels");
    run.add_layers()->set_rig("cavity");
    config::check_run_spec(run, ToyKinds{});
    REQUIRE(run.training().epochs() == 200);
    REQUIRE(run.scheme().options().Is<v1::TrainingSpec>());

    run.mutable_layers(0)->clear_rig();
    run.mutable_training()->set_epochs(1000001);
    const Outcome outcome = outcome_of([&] { config::check_run_spec(run, ToyKinds{}); });
    REQUIRE(outcome.violations.size() == 2);
    REQUIRE(outcome.violations[0] ==
            FieldViolation{"training.epochs", "1000001; valid is 0 to 1000000"});
    REQUIRE(outcome.violations[1].field == "layers[0].rig");
    REQUIRE(outcome.message.starts_with("training.epochs: 1000001; valid is 0 to 1000000\n"));
}
