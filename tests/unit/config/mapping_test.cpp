#include "daemon/config/parse_toml.hpp"
#include "tests/unit/config/toy_kinds.hpp"

#include <phyll/v1/admin.pb.h>
#include <phyll/v1/annotations.pb.h>
#include <phyll/v1/config.pb.h>
#include <phyll/v1/runs.pb.h>

#include <catch2/catch.hpp>

#include <limits>

using namespace phyll;

namespace {

template <class Message>
Message parsed(const std::string& text) {
    Message message;
    config::parse_toml(text, "lab.toml", {}, ToyKinds{}, message);
    return message;
}

/// The message of the error that `text` gives as a `Message`; empty when it is fine.
template <class Message>
std::string refusal(const std::string& text) {
    return outcome_of([&] { static_cast<void>(parsed<Message>(text)); }).message;
}

} // namespace

TEST_CASE("tables, arrays and scalars land in their fields") {
    const auto run = parsed<v1::RunSpec>(R"(
        name = "vowels"
        seed = 7
        rigs = [{ name = "cavity", start_age = 5 }]

        [data]
        kind = "csv"
        ignore = ["id", "speaker"]
        test_fraction = 0.25

        [training]
        epochs = 50
        learning_rate = 1     # an integer is a number too

        [[layers]]
        rig = "cavity"
        width = 30
        encoding.kind = "tanh"

        [[layers]]
        rig = "cavity"
        physics = true
        skip = true
    )");
    REQUIRE(run.name() == "vowels");
    REQUIRE(run.seed() == 7);
    REQUIRE(run.data().ignore_size() == 2);
    REQUIRE(run.data().ignore(1) == "speaker");
    REQUIRE(run.data().test_fraction() == 0.25);
    REQUIRE(run.training().epochs() == 50);
    REQUIRE(run.training().learning_rate() == 1.0);
    REQUIRE(run.layers_size() == 2);
    REQUIRE(run.layers(0).width() == 30);
    REQUIRE(run.layers(0).encoding().kind() == "tanh");
    REQUIRE(run.layers(1).skip());
    REQUIRE(run.rigs(0).start_age() == 5);
}

TEST_CASE("enums are given by their names in lower case, bytes as texts") {
    REQUIRE(parsed<v1::RunInfo>("state = 'held'").state() == v1::HELD);
    REQUIRE(parsed<v1::Key>("role = 'admin'").role() == v1::ROLE_ADMIN);
    REQUIRE(parsed<v1::RunFile>("text = 'a = 1'").text() == "a = 1");
    REQUIRE(refusal<v1::Key>("role = 'operater'") ==
            "lab.toml:1: role: 'operater'; valid is 'viewer', 'operator', 'admin'; did you mean "
            "'operator'?");
    REQUIRE(refusal<v1::Key>("role = 2") ==
            "lab.toml:1: role: 2 is an integer; a string is expected");
}

TEST_CASE("integers fit their field or are refused") {
    REQUIRE(parsed<v1::RunInfo>("run = 9223372036854775807").run() ==
            static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    REQUIRE(parsed<v1::RunInfo>("interruptions = 4294967295").interruptions() == 4294967295U);
    REQUIRE(refusal<v1::RunInfo>("interruptions = 4294967296") ==
            "lab.toml:1: interruptions: 4294967296; valid is 0 to 4294967295");
    REQUIRE(refusal<v1::RunInfo>("run = -1") == "lab.toml:1: run: -1; valid is 0 or more");
}

TEST_CASE("wrong types are named with the right one") {
    REQUIRE(refusal<v1::TrainingSpec>("epochs = 'many'") ==
            "lab.toml:1: epochs: 'many' is a string; an integer is expected");
    REQUIRE(refusal<v1::TrainingSpec>("epochs = 2.0") ==
            "lab.toml:1: epochs: 2 is a float; an integer is expected");
    REQUIRE(refusal<v1::TrainingSpec>("learning_rate = true") ==
            "lab.toml:1: learning_rate: true is a boolean; a number is expected");
    REQUIRE(refusal<v1::Simulation>("latency = 1") ==
            "lab.toml:1: latency: 1 is an integer; true or false is expected");
    REQUIRE(refusal<v1::RunFile>("name = 2024-05-01") ==
            "lab.toml:1: name: 2024-05-01 is a date or time; a string is expected");
    REQUIRE(refusal<v1::TrainingSpec>("epochs = 07:32:00") ==
            "lab.toml:1: epochs: 07:32:00 is a date or time; an integer is expected");
    REQUIRE(refusal<v1::TrainingSpec>("epochs = 1979-05-27T07:32:00Z") ==
            "lab.toml:1: epochs: 1979-05-27T07:32:00Z is a date or time; an integer is expected");
    REQUIRE(refusal<v1::RunFile>("name = ['a']") ==
            "lab.toml:1: name: an array; a string is expected");
    REQUIRE(refusal<v1::RunFile>("name.first = 'a'") ==
            "lab.toml:1: name: a table; a string is expected");
    REQUIRE(refusal<v1::RunFile>("overrides = 'a'") ==
            "lab.toml:1: overrides: 'a' is a string; an array is expected");
    REQUIRE(refusal<v1::RunFile>("overrides = ['a', 2]") ==
            "lab.toml:1: overrides[1]: 2 is an integer; a string is expected");
    REQUIRE(refusal<v1::LayerConfig>("encoding = 'tanh'") ==
            "lab.toml:1: encoding: 'tanh' is a string; a table is expected");
    REQUIRE(refusal<v1::DaemonConfig>("[rigs]\nname = 'a'") ==
            "lab.toml:1: rigs: a table; an array of tables ([[rigs]]) is expected");
    REQUIRE(refusal<v1::DaemonConfig>("rigs = [3]") ==
            "lab.toml:1: rigs[0]: 3 is an integer; a table is expected");
}

TEST_CASE("an unknown key is answered with the nearest valid one, or all of them") {
    REQUIRE(refusal<v1::Encoding>("\n\nknid = 'tanh'") ==
            "lab.toml:3: unknown key 'knid'; did you mean 'kind'?");
    REQUIRE(refusal<v1::RunFile>("colour = 1") ==
            "lab.toml:1: unknown key 'colour'; valid keys are 'name', 'text', 'overrides'");
    REQUIRE(refusal<v1::DrainRequest>("now = true") ==
            "lab.toml:1: unknown key 'now'; there is nothing to set here");
}

TEST_CASE("syntax errors have line and column") {
    REQUIRE(refusal<v1::RunFile>("name = 'a'\ntext = \n") ==
            "lab.toml:2:8: Error while parsing key-value pair: expected value, saw '\\n'");
    REQUIRE(refusal<v1::RunFile>("name = 'a'\nname = 'b'").starts_with("lab.toml:2:"));
    REQUIRE(refusal<v1::RunFile>("\n[[[a]]]").starts_with("lab.toml:2:3: "));
    REQUIRE(refusal<v1::RunFile>("[=a]").starts_with("lab.toml:1:2: "));
    REQUIRE(refusal<v1::RunFile>("näme = 'a'").starts_with("lab.toml:1:2: "));
    REQUIRE(parsed<v1::RunFile>("name = 'Käfig' # für alle").name() == "Käfig");
}

TEST_CASE("all problems come in one error, in the order of the lines") {
    const Outcome outcome = outcome_of([] {
        static_cast<void>(parsed<v1::DaemonConfig>("threads = 5000\n"
                                                   "log_level = 'warning'\n"
                                                   "[[rigs]]\n"
                                                   "kind = 'toy'\n"
                                                   "max_batch = 'all'\n"
                                                   "[[rigs]]\n"
                                                   "name = 'b'\n"
                                                   "kind = 'echo'\n"
                                                   "simulation.nois = 1\n"));
    });
    REQUIRE(outcome.message ==
            "lab.toml:1: threads: 5000; valid is 0 to 1024\n"
            "lab.toml:2: log_level: 'warning'; valid is 'trace', 'debug', 'info', 'warn', 'error'\n"
            "lab.toml:3: rigs[0].name: missing\n"
            "lab.toml:5: rigs[0].max_batch: 'all' is a string; an integer is expected\n"
            "lab.toml:9: unknown key 'nois'; did you mean 'noise'?");
    REQUIRE(outcome.violations.size() == 5);
    REQUIRE(outcome.violations[0] ==
            FieldViolation{"threads", "lab.toml:1: threads: 5000; valid is 0 to 1024"});
    REQUIRE(outcome.violations[4].field == "rigs[1].simulation.nois");
}

TEST_CASE("what is inside a wrong table is not called missing") {
    REQUIRE(refusal<v1::RunSpec>("data = 3") ==
            "lab.toml:1: data: 3 is an integer; a table is expected");
}

TEST_CASE("options are mapped onto the message of their kind") {
    const auto rig = parsed<v1::RigConfig>(R"(
        name = "a"
        options.kind = "tanh"
        kind = "toy"
    )");
    v1::Encoding options;
    REQUIRE(rig.options().UnpackTo(&options));
    REQUIRE(options.kind() == "tanh");
}

TEST_CASE("options of a kind that was not given are those of the default kind") {
    const auto scheme = parsed<v1::SchemeSpec>("[options]\nepochs = 3");
    v1::TrainingSpec options;
    REQUIRE(scheme.options().UnpackTo(&options));
    REQUIRE(options.epochs() == 3);
}

TEST_CASE("options are checked like everything else") {
    const std::string rig = "name = 'a'\nkind = 'toy'\n";
    REQUIRE(refusal<v1::RigConfig>(rig + "options.kind = 'tahn'") ==
            "lab.toml:3: options.kind: 'tahn'; valid is 'standard', 'affine', 'minmax', "
            "'unit_norm', 'tanh', 'direct', 'quantise', 'phase'; did you mean 'tanh'?");
    REQUIRE(refusal<v1::RigConfig>(rig + "options.knd = 'tanh'") ==
            "lab.toml:3: unknown key 'knd'; did you mean 'kind'?");
    REQUIRE(refusal<v1::RigConfig>(rig + "options = 'tanh'") ==
            "lab.toml:3: options: 'tanh' is a string; a table is expected");
    REQUIRE(refusal<v1::RigConfig>("name = 'a'\nkind = 'tou'\noptions.x = 1") ==
            "lab.toml:2: kind: 'tou'; valid is 'acoustic', 'echo', 'toy'; did you mean 'toy'?");
    REQUIRE(refusal<v1::RigConfig>("name = 'a'\noptions.x = 1") == "lab.toml: kind: missing");
}

TEST_CASE("problems inside arrays of tables, and inside options, name the entry") {
    REQUIRE(refusal<v1::RunSpec>("data.kind = 'vowels'\n"
                                 "[[layers]]\n"
                                 "rig = 'a'\n"
                                 "[[layers]]\n"
                                 "widht = 3\n"
                                 "skip = 'yes'\n"
                                 "encoding.knid = 'tanh'\n") ==
            "lab.toml:5: unknown key 'widht'; did you mean 'width'?\n"
            "lab.toml:6: layers[1].skip: 'yes' is a string; true or false is expected\n"
            "lab.toml:7: unknown key 'knid'; did you mean 'kind'?");
    const std::string rig = "name = 'a'\nkind = 'acoustic'\n";
    REQUIRE(refusal<v1::RigConfig>(rig + "[[options.faults]]\n"
                                         "kind = 'fail'\n"
                                         "[[options.faults]]\n"
                                         "kind = 'hang'\n"
                                         "at_qeury = 1\n"
                                         "count = 2.5\n") ==
            "lab.toml:7: unknown key 'at_qeury'; did you mean 'at_query'?\n"
            "lab.toml:8: options.faults[1].count: 2.5 is a float; an integer is expected");
    REQUIRE(refusal<v1::RigConfig>(rig + "options.faults = [{ kind = 'fail' }, 'hang']") ==
            "lab.toml:3: options.faults[1]: 'hang' is a string; a table is expected");
    REQUIRE(refusal<v1::RigConfig>(rig + "options.colour = 'red'")
                .starts_with("lab.toml:3: unknown key 'colour'; valid keys are 'seed', 'noise', "));
    REQUIRE(refusal<v1::RigConfig>("name = 'a'\nkind = 'echo'\noptions.width = 3") ==
            "lab.toml:3: unknown key 'width'; there is nothing to set here");
}

TEST_CASE("an unknown key of a scheme's options is answered with the nearest of its kind") {
    REQUIRE(refusal<v1::SchemeSpec>("[options]\nepohcs = 3") ==
            "lab.toml:2: unknown key 'epohcs'; did you mean 'epochs'?");
    REQUIRE(
        refusal<v1::SchemeSpec>("kind = 'toy'\noptions = { epochs = 3 }") ==
        "lab.toml:2: unknown key 'epochs'; valid keys are 'kind', 'bits', 'code', 'phase_range'");
}

TEST_CASE("texts in messages stay on their line and short") {
    REQUIRE(refusal<v1::Encoding>("kind = \"a\\nb\"").starts_with("lab.toml:1: kind: 'a?b'; "));
    const std::string refused = refusal<v1::Encoding>("kind = '" + std::string(500, 'x') + "'");
    REQUIRE(refused.starts_with("lab.toml:1: kind: '" + std::string(80, 'x') + "...'; "));
}
