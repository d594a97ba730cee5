// A run's network, made again from what the run left behind.

#include "daemon/runs/run_state.hpp"
#include "daemon/runs/serving/infer.hpp"
#include "daemon/runs/state_dir.hpp"
#include "daemon/training/data/vowels.hpp"
#include "drivers/core/readers/sha256.hpp"
#include "tests/support/scripted_layer.hpp"
#include "tests/unit/runs/attempts.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace phyll;
using namespace phyll::runs;
using Catch::Matchers::Contains;
using test::Attempts;

namespace {

/// A run that succeeded, and the rig that it can be asked on.
struct Served {
    Attempts bench{"repeats = 2\n"};
    std::uint64_t number = bench.submit();
    std::shared_ptr<test::Script> script = std::make_shared<test::Script>();
    test::ScriptedLayer rig{script, 20, 20, 50};

    Served() { REQUIRE_FALSE(bench.attempt(number)); }

    [[nodiscard]] RunRecord record() const {
        RunRecord record = bench.store.run(number).value();
        record.info.set_folder(bench.state.folder_of(number).string());
        return record;
    }
    [[nodiscard]] FindRig find() const {
        return [this](const std::string&) -> const LayerSpec& { return rig.spec(); };
    }
};

std::string refusal(const RunRecord& run, const FindRig& find, Code code) {
    try {
        static_cast<void>(load_network(run, find, nullptr));
    } catch (const Error& error) {
        CHECK(name_of(error.code()) == name_of(code));
        return error.what();
    }
    return "none";
}

OwnedBlock vowels(std::size_t samples) {
    const training::SplitData data = training::synthetic_vowels(5, 7, samples);
    OwnedBlock block(data.data.features(), samples);
    for (std::size_t i = 0; i < samples; ++i) {
        data.data.inputs.read(data.split.test[i], block.sample(i));
    }
    return block;
}

} // namespace

TEST_CASE("a run keeps the names of classes and features, and lists leave them out") {
    const Served served;
    v1::RunInfo info = served.record().info;
    REQUIRE(info.result().classes_size() == 7);
    CHECK(info.result().classes(0) == "ae");
    CHECK(info.result().feature_names_size() == 12);
    shorten_for_list(info);
    CHECK(info.result().classes().empty());
    CHECK(info.result().feature_names().empty());
    CHECK(served.bench.store.runs({}).front().result().classes().empty());
}

TEST_CASE("a network is asked under every label, as often as in training, and accounts for it") {
    Served served;
    const ServedNetwork network = load_network(served.record(), served.find(), nullptr);
    CHECK(network.rigs == std::vector<std::string>{"r", "r"});
    const OwnedBlock samples = vowels(3);
    const InferOrder order{.inputs = samples.view(), .key = 9};
    const Inferred answer = infer(network, order, {{"r", {&served.rig, 1000}}}, {});
    CHECK(answer.reply.queries() == 3 * 7 * 2 * 2); // labels, layers, repeats
    CHECK(answer.reply.saved_queries() == 0);
    CHECK(answer.reply.labels_size() == 3);
    CHECK(answer.scores.samples() == 3);
    CHECK(answer.scores.channels() == 7);
    CHECK(answer.reply.key() == 9);
    CHECK(answer.reply.evidence() == v1::SIMULATION);
    CHECK(served.script->seen().front().age == 1000);

    const Inferred early = infer(network, {.inputs = samples.view(), .early_exit = 0.0, .key = 9},
                                 {{"r", {&served.rig, 0}}}, {});
    CHECK(early.reply.queries() == 3 * 7 * 2);
    CHECK(early.reply.saved_queries() == 3 * 7 * 2);

    std::stop_source stop;
    stop.request_stop();
    const int before = served.script->queries;
    CHECK_THROWS_AS(infer(network, order, {{"r", {&served.rig, 0}}}, stop.get_token()), Error);
    CHECK(served.script->queries == before);
}

TEST_CASE("a run that has no network to ask, or another rig now, is refused") {
    const Served served;
    RunRecord run = served.record();
    run.info.set_state(v1::RUNNING);
    CHECK_THAT(refusal(run, served.find(), Code::failed_precondition),
               Contains("is running; only a run that succeeded has a network to ask"));
    run = served.record();
    run.info.set_kind(v1::CLIENT);
    CHECK_THAT(refusal(run, served.find(), Code::failed_precondition),
               Contains("a client drove it"));
    run = served.record();
    run.info.mutable_result()->clear_classes();
    CHECK(refusal(run, served.find(), Code::failed_precondition) == "none"); // by its judgement
    run.info.mutable_result()->clear_test_judgement();
    CHECK_THAT(refusal(run, served.find(), Code::failed_precondition), Contains("earlier phylld"));

    run = served.record();
    const test::ScriptedLayer larger(served.script, 21, 20);
    CHECK_THAT(refusal(
                   run, [&](const auto&) -> const LayerSpec& { return larger.spec(); },
                   Code::failed_precondition),
               Contains("was trained on rig 'r' when it had 20 inputs and 20 outputs; it has 21 "
                        "and 20 now"));
    LayerSpec stepped = served.rig.spec();
    stepped.inputs[3].levels = 4;
    CHECK_THAT(refusal(
                   run, [&](const auto&) -> const LayerSpec& { return stepped; },
                   Code::failed_precondition),
               Contains("other levels or ranges"));
    std::filesystem::remove(std::filesystem::path(run.info.folder()) / "result.h5");
    CHECK_THAT(refusal(run, served.find(), Code::not_found), Contains("result.h5"));
}

TEST_CASE("a network whose file is not the one that was written is refused before it is opened") {
    const Served served;
    const RunRecord run = served.record();
    const std::filesystem::path file = std::filesystem::path(run.info.folder()) / "result.h5";
    std::string content = read_file(file);
    REQUIRE(run.info.result().file_sha256() == to_hex(sha256_of(content)));
    content.back() = static_cast<char>(content.back() ^ 1);
    for (const std::string& other : {content, std::string("no HDF5 at all")}) {
        write_file(file, other);
        CHECK_THAT(refusal(run, served.find(), Code::data_loss),
                   Contains(file.string()) && Contains("it is not the file that was recorded"));
    }
    // Of a run of an earlier phylld nobody knows what it should be: the library says what it finds.
    RunRecord earlier = run;
    earlier.info.mutable_result()->clear_file_sha256();
    CHECK_THAT(refusal(earlier, served.find(), Code::data_loss),
               Contains(file.string()) && Contains("cannot be read"));
}

TEST_CASE("a run leaves a rig in the era that it began last") {
    v1::RunInfo run;
    CHECK(era_of(run, "r") == 0);
    v1::RigConditions& rig = *run.mutable_conditions()->add_rigs();
    rig.set_rig("r");
    rig.set_era(3);
    CHECK(era_of(run, "r") == 3);
    v1::EraEnded& ended = *run.mutable_result()->add_eras();
    ended.set_rig("r");
    ended.set_era(4);
    CHECK(era_of(run, "r") == 5);
    CHECK(era_of(run, "other") == 0);
}
