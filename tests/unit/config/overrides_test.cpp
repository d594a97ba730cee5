#include "daemon/config/parse_toml.hpp"
#include "tests/unit/config/toy_kinds.hpp"

#include <catch2/catch.hpp>

using namespace phyll;

namespace {

const std::string file = R"(name = "vowels"
data.kind = "vowels"
[[layers]]
rig = "a"
[[layers]]
rig = "b"
)";

v1::RunSpec with(const std::vector<std::string>& overrides) {
    v1::RunSpec run;
    config::parse_toml(file, "run.toml", overrides, ToyKinds{}, run);
    return run;
}

std::string refusal(const std::string& text) {
    return outcome_of([&] { static_cast<void>(with({text})); }).message;
}

} // namespace

TEST_CASE("overrides replace, add and reach into arrays") {
    const v1::RunSpec run =
        with({"training.epochs=50", "layers.0.width=30", "layers.1.encoding.kind=tanh",
              " seed = 3 ", "scheme.options.epochs=9"});
    REQUIRE(run.training().epochs() == 50);
    REQUIRE(run.layers(0).width() == 30);
    REQUIRE(run.layers(0).rig() == "a");
    REQUIRE(run.layers(1).encoding().kind() == "tanh");
    REQUIRE(run.seed() == 3);
    v1::TrainingSpec options;
    REQUIRE(run.scheme().options().UnpackTo(&options));
    REQUIRE(options.epochs() == 9);
}

TEST_CASE("the last override of a value counts") {
    REQUIRE(with({"seed=3", "seed=4"}).seed() == 4);
}

TEST_CASE("an override's value is TOML, else a text") {
    REQUIRE(with({"name=plain words"}).name() == "plain words");
    REQUIRE(with({"name=\"quoted = \\\"yes\\\"\""}).name() == "quoted = \"yes\"");
    REQUIRE(with({"note=a=b"}).note() == "a=b");
    REQUIRE(with({"note="}).note().empty());
    REQUIRE(with({"name=\"a\"\nseed=9"}).name() == "\"a\"\nseed=9");
    REQUIRE(with({"data.kind=csv", "data.ignore=['x', 'y']"}).data().ignore_size() == 2);
    REQUIRE(with({"layers=[{rig='c'}]"}).layers_size() == 1);
}

TEST_CASE("problems of overrides name the override") {
    REQUIRE(refusal("training.epochs=-3") ==
            "override 'training.epochs=-3': training.epochs: -3; valid is 0 to 1000000");
    REQUIRE(refusal("seed=many") ==
            "override 'seed=many': seed: 'many' is a string; an integer is expected");
    REQUIRE(refusal("training.epohcs=3") ==
            "override 'training.epohcs=3': unknown key 'epohcs'; did you mean 'epochs'?");
    REQUIRE(refusal("trianing.epochs=3") ==
            "override 'trianing.epochs=3': unknown key 'trianing'; did you mean 'training'?");
}

TEST_CASE("problems of overrides inside arrays of tables and options name the override") {
    REQUIRE(refusal("layers.1.widht=3") ==
            "override 'layers.1.widht=3': unknown key 'widht'; did you mean 'width'?");
    REQUIRE(refusal("layers.1.encodng.kind=tanh") ==
            "override 'layers.1.encodng.kind=tanh': unknown key 'encodng'; did you mean "
            "'encoding'?");
    REQUIRE(refusal("layers.1.encoding.kind=tahn") ==
            "override 'layers.1.encoding.kind=tahn': layers[1].encoding.kind: 'tahn'; valid is "
            "'standard', 'affine', 'minmax', 'unit_norm', 'tanh', 'direct', 'quantise', 'phase'; "
            "did you mean 'tanh'?");
    REQUIRE(refusal("layers.0.skip=yes") == "override 'layers.0.skip=yes': layers[0].skip: 'yes' "
                                            "is a string; true or false is expected");
    REQUIRE(refusal("scheme.options.epohcs=3") ==
            "override 'scheme.options.epohcs=3': unknown key 'epohcs'; did you mean 'epochs'?");
    REQUIRE(refusal("scheme.options.epochs=1000001") ==
            "override 'scheme.options.epochs=1000001': scheme.options.epochs: 1000001; valid is 0 "
            "to 1000000");
    REQUIRE(refusal("scheme.options.epochs=2.5") ==
            "override 'scheme.options.epochs=2.5': scheme.options.epochs: 2.5 is a float; an "
            "integer is expected");
    REQUIRE(refusal("scheme.options=3") ==
            "override 'scheme.options=3': scheme.options: 3 is an integer; a table is expected");
    REQUIRE(refusal("layers=3") == "override 'layers=3': layers: 3 is an integer; an array of "
                                   "tables ([[layers]]) is expected");
}

TEST_CASE("paths that lead nowhere are refused") {
    REQUIRE(refusal("layers.2.width=3") == "override 'layers.2.width=3': 'layers' has 2 entries, "
                                           "counted from 0; '2' is none of them");
    REQUIRE(refusal("layers.first.width=3") ==
            "override 'layers.first.width=3': 'layers' has 2 entries, counted from 0; 'first' is "
            "none of them");
    REQUIRE(refusal("layers.-1.width=3").find("'-1' is none of them") != std::string::npos);
    REQUIRE(refusal("name.first=3") == "override 'name.first=3': 'name' is not a table");
    REQUIRE(refusal("layers.0.rig.x=3") ==
            "override 'layers.0.rig.x=3': 'layers[0].rig' is not a table");
}

TEST_CASE("what is no override at all is refused") {
    const std::string text = GENERATE(as<std::string>{}, "seed", "", "=3", "training..epochs=3",
                                      "training.=3", ".epochs=3", " = ");
    REQUIRE(refusal(text) ==
            "override '" + text + "': a path and a value are expected, as in training.epochs=50");
}

TEST_CASE("an override of absurd depth is refused") {
    std::string path = "a";
    for (int i = 0; i < 100000; ++i) {
        path += ".a";
    }
    REQUIRE(refusal(path + "=1").find("a path and a value are expected") != std::string::npos);
}
