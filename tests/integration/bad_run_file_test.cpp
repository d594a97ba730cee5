// Run files, and runs that come as messages, that cannot be: each is refused by place, field and
// value with what would be right, nothing is started, and the daemon serves on.

#include "tests/support/process.hpp"
#include "tests/support/raw_peer.hpp"

#include "clients/cpp/client.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/config.pb.h>
#include <phyll/v1/runs.pb.h>

#include <limits>

using namespace phyll;
using test::Daemon;
using test::Finished;
using test::RawPeer;

namespace {

const std::string data = "[data]\nkind = \"vowels\"\n";
const std::string layer = "[[layers]]\nrig = \"cavity\"\n";
const std::string training = "[training]\n";
const std::string scheme = "[scheme]\n";

struct Bad {
    std::string text;
    std::vector<std::string> says; ///< all of them, after the name of the file
    int status = 2;
};

/// Neither checked nor started, for the reasons given; then the daemon still answers.
void refused(const Daemon& daemon, const std::vector<Bad>& files) {
    for (const Bad& bad : files) {
        const std::string file = daemon.write("bad.toml", bad.text).string();
        for (const std::string command : {"check", "start"}) {
            const Finished finished = daemon.ctl({"run", command, file});
            INFO(bad.text << "-> " << finished.err);
            REQUIRE(finished.status == bad.status);
            REQUIRE(finished.out.empty());
            for (const std::string& part : bad.says) {
                REQUIRE_THAT(finished.err, Catch::Matchers::Contains(part));
            }
        }
    }
    REQUIRE(daemon.ctl({"--json", "run", "list"}).out.empty());
    REQUIRE(daemon.ctl({"run", "check", daemon.write("good.toml", data + layer).string()}).status ==
            0);
}

v1::RunSpec good_spec() {
    v1::RunSpec spec;
    spec.mutable_data()->set_kind("vowels");
    spec.add_layers()->set_rig("cavity");
    return spec;
}

} // namespace

TEST_CASE("a key that does not exist is refused by line, with the nearest or all that do") {
    refused(Daemon(), {
                          {data + training + "epoch = 5\n" + layer,
                           {"bad.toml:4: ", "'epoch'", "did you mean 'epochs'?"}},
                          {data + layer + "colour = \"red\"\n",
                           {"bad.toml:5: ", "'colour'", "'rig'", "'width'", "'physics'"}},
                          {data + layer + "[optimizer]\nrate = 1\n",
                           {"bad.toml:5: ", "'optimizer'", "'training'", "'scheme'"}},
                          {data + scheme + "options = { thet = 4 }\n" + layer,
                           {"bad.toml:4: ", "'thet'", "did you mean 'theta'?"}},
                      });
}

TEST_CASE("a value of a wrong type is refused by line, with the type that is right") {
    refused(
        Daemon(),
        {
            {data + training + "epochs = \"many\"\n" + layer,
             {"bad.toml:4: training.epochs: ", "'many' is a string", "an integer"}},
            {data + training + "epochs = 1.5\n" + layer,
             {"bad.toml:4: training.epochs: ", "1.5 is a float", "an integer"}},
            {data + layer + "[controls]\nphysics_only = \"yes\"\n",
             {"bad.toml:6: controls.physics_only: ", "'yes'", "true or false"}},
            {"layers = 3\n" + data, {"bad.toml:1: layers: ", "[[layers]]"}},
            {data + "[layers]\nrig = \"cavity\"\n", {"bad.toml:3: layers: ", "[[layers]]"}},
            {"name = 3\n" + data + layer, {"bad.toml:1: name: ", "3 is an integer", "a string"}},
        });
}

TEST_CASE("a value out of its range is refused by line, with the range") {
    refused(
        Daemon(),
        {
            {data + training + "inner_steps = 0\n" + layer,
             {"bad.toml:4: training.inner_steps: 0", "1 to 10000"}},
            {"seed = -1\n" + data + layer, {"bad.toml:1: seed: -1", "0 or more"}},
            {"seed = 99999999999999999999\n" + data + layer, {"bad.toml:1:", "64 bits"}},
            {data + training + "learning_rate = nan\n" + layer,
             {"bad.toml:4: training.learning_rate: nan", "finite"}},
            {data + training + "learning_rate = inf\n" + layer,
             {"bad.toml:4: training.learning_rate: inf", "finite"}},
            {"[data]\nkind = \"idx\"\ntest_fraction = 1.0\n" + layer,
             {"bad.toml:3: data.test_fraction: 1", "more than 0, at most 0.9"}},
            {data + "training_samples = 3\n" + layer, {"data.training_samples: 3", "at least 7"}},
            {data + "augment = { shift = 1 }\n" + layer,
             {"data.augment.shift: 1", "only images can be moved", "kind 'vowels'", "valid is 0"}},
            {data + "augment = { shift = 1001 }\n" + layer,
             {"bad.toml:3: data.augment.shift: 1001", "0 to 1000 pixels"}},
            {"[data]\nkind = \"digits\"\naugment = { shift = 28 }\n" + layer,
             {"data.augment.shift: 28", "28 x 28 pixels", "valid is 0 to 27"}},
            {data + scheme + "options = { theta = 0 }\n" + layer,
             {"bad.toml:4: scheme.options.theta: 0", "more than 0, at most 1000"}},
        });
}

TEST_CASE("a kind that does not exist is refused with those that do") {
    refused(Daemon(), {
                          {"[data]\nkind = \"vowel\"\n" + layer,
                           {"data.kind: 'vowel'", "valid is 'vowels', 'digits', 'xor', 'csv'"}},
                          {data + scheme + "kind = \"backprop\"\n" + layer,
                           {"bad.toml:4: scheme.kind: 'backprop'", "'phyll'"}},
                          {data + layer + "encoding = { kind = \"minimax\" }\n",
                           {"bad.toml:5: layers[0].encoding.kind: 'minimax'", "'minmax'?"}},
                          {data + training + "schedule = \"simultanous\"\n" + layer,
                           {"bad.toml:4: training.schedule: ", "did you mean 'simultaneous'?"}},
                          {data + "[[layers]]\nrig = \"cavty\"\n",
                           {"layers[0].rig: ", "'cavty'", "cavity, echo"},
                           3},
                      });
}

TEST_CASE(
    "a key that means nothing for the kind is refused by line, with the kinds it belongs to") {
    refused(Daemon(), {
                          {data + "test_fraction = 0.3\n" + layer,
                           {"bad.toml:3: data.test_fraction: means nothing for kind 'vowels'",
                            "it belongs to 'csv', 'idx', 'numpy'"}},
                          {"[data]\nkind = \"idx\"\nx = \"images\"\n" + layer,
                           {"bad.toml:3: data.x: means nothing for kind 'idx'", "'numpy'"}},
                          {data + layer + "encoding = { kind = \"affine\", bits = 3 }\n",
                           {"bad.toml:5: layers[0].encoding.bits: means nothing for kind 'affine'",
                            "'quantise'"}},
                      });
}

TEST_CASE("what cannot be together is refused with what does not fit") {
    refused(Daemon(),
            {
                {data + layer + "width = 30\n" + layer,
                 {"layers[1]: 30 inputs (the width of layers[0])", "'cavity' has 20"}},
                {data + "label_entries = 12\n" + layer,
                 {"layers[0]: 24 inputs (12 label entries and 12 features)", "'cavity' has 20"}},
                {data + "label_entries = 3\n" + layer,
                 {"data.label_entries: 3", "7 classes", "at least 7"}},
                {data, {"layers: missing", "[[layers]]"}},
                {"", {"data: missing", "layers: missing"}},
                {data + "[[layers]]\nphysics = true\n",
                 {"bad.toml:3: layers[0].rig: missing", "physics = false"}},
                {"[data]\nkind = \"csv\"\nfile = \"x.csv\"\n" + layer,
                 {"bad.toml:1: data.label: missing", "column"}},
                {data + layer + "[[rigs]]\nname = \"echo\"\n",
                 {"bad.toml:6: rigs[0].name: 'echo'", "the layers use 'cavity'"}},
                {data + layer + "[[rigs]]\nname = \"cavity\"\n[[rigs]]\nname = \"cavity\"\n",
                 {"bad.toml:8: rigs[1].name: 'cavity'", "rigs[0]"}},
            });
}

TEST_CASE("a text that is no TOML is refused by line and column") {
    const std::string deep(200, '[');
    refused(Daemon(), {
                          {"x = [", {"bad.toml:1:6: "}},
                          {data + "kind = \"csv\"\n" + layer, {"bad.toml:3:8: ", "'kind'"}},
                          {"name = \"caf\xE9\"\n" + data + layer, {"bad.toml:1:11: "}},
                          {std::string("seed = 1\0\n", 10) + data + layer, {"bad.toml:1:"}},
                          {"x = " + deep, {"bad.toml:1:"}},
                          {std::string(300'000, '#'), {"300000 bytes", "at most 262144"}},
                      });
}

TEST_CASE("an override that cannot be is refused by what it says") {
    Daemon daemon;
    const std::string file = daemon.write("run.toml", data + layer).string();
    const auto refusal = [&](const std::string& text) {
        const Finished finished = daemon.ctl({"run", "start", file, "--set", text});
        INFO(finished.err);
        REQUIRE(finished.status == 2);
        REQUIRE_THAT(finished.err, Catch::Matchers::Contains("'" + text + "'"));
        return finished.err;
    };
    REQUIRE_THAT(refusal("epochs"), Catch::Matchers::Contains("training.epochs=50"));
    REQUIRE_THAT(refusal("training.epoch=3"), Catch::Matchers::Contains("'epochs'"));
    REQUIRE_THAT(refusal("training.epochs=few"), Catch::Matchers::Contains("'few' is a string"));
    REQUIRE_THAT(refusal("layers.7.width=3"), Catch::Matchers::Contains("1 entry"));
    REQUIRE(daemon.ctl({"--json", "run", "list"}).out.empty());
}

TEST_CASE("a run that comes as a message is held to the same rules") {
    Daemon daemon;
    Client client(daemon.tcp());
    const auto refusal = [&](const v1::RunSpec& spec, const std::string& field) {
        v1::SubmitRequest request;
        *request.mutable_spec() = spec;
        try {
            static_cast<void>(client.call<v1::SubmitReply>("phyll.v1.Runs/Submit", request));
        } catch (const Error& error) {
            REQUIRE_FALSE(error.violations().empty());
            REQUIRE(error.violations()[0].field == field);
            return std::string(name_of(error.code())) + " " + error.violations()[0].description;
        }
        return std::string("taken");
    };
    using Catch::Matchers::Contains;
    v1::RunSpec spec = good_spec();
    spec.mutable_training()->set_learning_rate(std::numeric_limits<double>::infinity());
    REQUIRE_THAT(refusal(spec, "training.learning_rate"),
                 Contains("INVALID_ARGUMENT inf") && Contains("finite"));
    spec = good_spec();
    spec.mutable_scheme()->set_kind("backprop");
    REQUIRE_THAT(refusal(spec, "scheme.kind"), Contains("'backprop'") && Contains("'phyll'"));
    spec = good_spec();
    spec.mutable_scheme()->mutable_options()->PackFrom(v1::TrainingSpec());
    REQUIRE_THAT(refusal(spec, "scheme.options"),
                 Contains("phyll.v1.TrainingSpec") && Contains("phyll.training.v1.PhyllOptions"));
    spec.mutable_scheme()->mutable_options()->set_type_url(
        "type.googleapis.com/phyll.training.v1.PhyllOptions");
    spec.mutable_scheme()->mutable_options()->set_value("\xff\xff");
    REQUIRE_THAT(refusal(spec, "scheme.options"), Contains("phyll.training.v1.PhyllOptions"));
    spec = good_spec();
    spec.mutable_layers(0)->set_rig("cavty");
    REQUIRE_THAT(refusal(spec, "layers[0].rig"), Contains("NOT_FOUND") && Contains("cavity, echo"));
    REQUIRE_THAT(refusal(v1::RunSpec(), "data"), Contains("missing"));
    REQUIRE(
        client.call<v1::ListRunsReply>("phyll.v1.Runs/List", v1::ListRunsRequest()).runs_size() ==
        0);
    v1::SubmitRequest good;
    *good.mutable_spec() = good_spec();
    good.mutable_spec()->mutable_training()->set_epochs(1);
    REQUIRE(client.call<v1::SubmitReply>("phyll.v1.Runs/Submit", good).run() == 1);
}
