#include "tests/integration/json_lines.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/support/await.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/process.hpp"
#include "tests/support/text.hpp"

#include "clients/cpp/client.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <phyll/v1/groups.pb.h>

#include <cmath>
#include <filesystem>
#include <sstream>
#include <thread>

using namespace phyll;
using nlohmann::json;
using phyll::test::contains;
using phyll::test::show;
using test::await;
using test::Daemon;
using test::endless_run;
using test::Finished;
using test::lines_of;
using test::short_run;

namespace {

Finished start(const Daemon& daemon, const std::string& text,
               const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"--json", "run", "start",
                                       daemon.write("run.toml", text).string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return daemon.ctl(arguments);
}

/// Runs a group to its end; its lines, the last of them with event "finished".
std::vector<json> train(const Daemon& daemon, std::vector<std::string> options,
                        const std::string& text = short_run, int status = 0) {
    options.emplace_back("--watch");
    const Finished finished = start(daemon, text, options);
    INFO(finished.out << finished.err);
    REQUIRE(finished.status == status);
    return lines_of(finished.out);
}

std::vector<json> list(const Daemon& daemon, const std::vector<std::string>& options = {}) {
    std::vector<std::string> arguments{"--json", "run", "list"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return lines_of(daemon.ctl(arguments).out);
}

double mean_of(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) {
        sum += value;
    }
    return sum / static_cast<double>(values.size());
}

/// Three classes that a line tells apart.
std::string points() {
    std::string csv = "x,y,class\n";
    for (int i = 0; i < 60; ++i) {
        csv += std::to_string(i % 3) + "." + std::to_string(i % 7) + "," +
               std::to_string((i + i / 3) % 5) + "," + std::to_string(i % 3) + "\n";
    }
    return csv;
}

} // namespace

TEST_CASE("one run file under several seeds is a group: one line, one bar, one summary") {
    Daemon daemon;
    const std::vector<json> lines =
        train(daemon, {"--seeds", "3..5", "--set", "training.epochs=5", "--note", "spread"});
    REQUIRE(lines.front() == json({{"event", "submitted"}, {"group", 1}, {"runs", {1, 2, 3}}}));
    REQUIRE(lines[1]["event"] == "snapshot");
    const json& last = lines.back();
    REQUIRE(last["event"] == "finished");
    REQUIRE(last["group"] == 1);
    REQUIRE(last["name"] == "short");
    REQUIRE(last["note"] == "spread");
    REQUIRE(last["state"] == "succeeded");
    REQUIRE(last["succeeded"] == 3);
    REQUIRE(last["overrides"] == json({"training.epochs=5"}));
    REQUIRE(last["variants"].size() == 1);
    REQUIRE(last["comparisons"].empty());

    // The figures are those of the members, which are ordinary runs.
    std::vector<double> accuracies;
    std::uint64_t queries = 0;
    for (int run = 1; run <= 3; ++run) {
        const json member = show(daemon, std::to_string(run));
        REQUIRE(member["group"] == 1);
        REQUIRE(member["seed"] == 2 + run);
        accuracies.push_back(member["test_accuracy"]);
        queries += member["hardware_queries"].get<std::uint64_t>();
    }
    const json& test = last["variants"][0]["test_accuracy"];
    REQUIRE(test["n"] == 3);
    REQUIRE(test["mean"].get<double>() == Approx(mean_of(accuracies)));
    REQUIRE(test["rule"] == "plain_t"); // vowels are drawn anew for each seed
    // t(0.975, 2) / sqrt(3)
    REQUIRE(test["half_width"].get<double>() ==
            Approx(4.302653 / std::sqrt(3) * test["deviation"].get<double>()));
    REQUIRE(last["test_accuracy"] == test);
    REQUIRE(last["hardware_queries"] == queries);
    const json& controls = last["variants"][0]["controls"];
    const auto ridge = std::find_if(controls.begin(), controls.end(), [](const json& control) {
        return control["kind"] == "ridge_inputs";
    });
    REQUIRE(ridge != controls.end());
    REQUIRE((*ridge)["test_accuracy"]["n"] == 3);
    REQUIRE((*ridge)["difference"]["mean"].get<double>() ==
            Approx(test["mean"].get<double>() - (*ridge)["test_accuracy"]["mean"].get<double>()));

    const std::vector<json> listed = list(daemon);
    REQUIRE(listed.size() == 1);
    REQUIRE(listed[0]["event"] == "group");
    REQUIRE(listed[0]["test_accuracy"] == test);
    const std::vector<json> with_members = list(daemon, {"--members"});
    REQUIRE(with_members.size() == 4);
    REQUIRE(with_members[0]["event"] == "group");
    REQUIRE(with_members[1]["run"] == 3);
    REQUIRE(show(daemon, "g1")["variants"] == last["variants"]);
    const Finished text = daemon.ctl({"run", "show", "g1"});
    REQUIRE(contains(text.out, "Student's t, data drawn anew for each seed"));
    REQUIRE(contains(daemon.ctl({"run", "list"}).out, "3/0/3"));
    // Watching a group that is over tells its end again.
    const auto again = lines_of(daemon.ctl({"--json", "run", "watch", "g1"}).out);
    REQUIRE(again.back() == last);
    REQUIRE(std::count_if(again.begin(), again.end(),
                          [](const json& line) { return line["event"] == "result"; }) == 3);

    // A member is the run that its seed alone would give.
    const std::string file = daemon.write("run.toml", short_run).string();
    REQUIRE(
        daemon
            .ctl({"run", "start", file, "--watch", "--set", "training.epochs=5", "--set", "seed=4"})
            .status == 0);
    REQUIRE(show(daemon, "4")["weights_sha256"] == show(daemon, "2")["weights_sha256"]);
}

TEST_CASE("sweeps multiply, and variants are compared seed by seed") {
    Daemon daemon;
    const json last = train(daemon, {"--seeds", "0,1", "--sweep", "training.epochs=2,6", "--sweep",
                                     "layers.0.width=10,20"})
                          .back();
    REQUIRE(last["members"] == 8);
    REQUIRE(last["variants"].size() == 4);
    REQUIRE(last["variants"][1]["overrides"] == json({"training.epochs=2", "layers.0.width=20"}));
    REQUIRE(last["variants"][1]["runs"] == json({2, 6}));
    REQUIRE(last["comparisons"].size() == 6);
    const json& comparison = last["comparisons"][1]; // variants 0 and 2
    REQUIRE(comparison["a"] == 0);
    REQUIRE(comparison["b"] == 2);
    REQUIRE(comparison["difference"]["n"] == 2);
    REQUIRE(comparison["difference"]["mean"].get<double>() ==
            Approx(last["variants"][0]["test_accuracy"]["mean"].get<double>() -
                   last["variants"][2]["test_accuracy"]["mean"].get<double>()));
    REQUIRE_FALSE(last["test_accuracy"].contains("half_width")); // of no one thing
    REQUIRE(show(daemon, "6")["overrides"] == json({"training.epochs=2", "layers.0.width=20"}));

    std::istringstream csv(daemon.ctl({"run", "metrics", "g1", "--csv"}).out);
    std::string line;
    std::getline(csv, line);
    REQUIRE(line.starts_with("run,seed,overrides,layer,epoch,"));
    std::getline(csv, line);
    REQUIRE(line.starts_with("1,0,\"training.epochs=2, layers.0.width=10\",1,1,"));
    REQUIRE(lines_of(daemon.ctl({"--json", "run", "metrics", "g1"}).out).size() ==
            2 * 2 * (2 * 2 + 2 * 6)); // seeds, widths, layers of 2 and of 6 epochs
}

TEST_CASE("random splits of a file have the corrected interval, and one run has none") {
    Daemon daemon;
    const std::string data = daemon.write("points.csv", points()).string();
    const std::string text = "[data]\nkind = \"csv\"\nfile = \"" + data +
                             "\"\nlabel = \"class\"\n[training]\nepochs = 2\n"
                             "[[layers]]\nphysics = false\n";
    const json test = train(daemon, {"--seeds", "0..3"}, text).back()["test_accuracy"];
    REQUIRE(test["rule"] == "resampled_t");
    // t(0.975, 3) sqrt(1/4 + 12/48)
    REQUIRE(test["half_width"].get<double>() ==
            Approx(3.182446 * std::sqrt(0.5) * test["deviation"].get<double>()));
    REQUIRE(contains(daemon.ctl({"run", "show", "g1"}).out, "Nadeau and Bengio 2003"));
    const json one = train(daemon, {"--seeds", "7"}, text).back()["test_accuracy"];
    REQUIRE(one["n"] == 1);
    REQUIRE_FALSE(one.contains("half_width"));
    REQUIRE(contains(daemon.ctl({"run", "show", "g2"}).out, "a single member"));
}

TEST_CASE("a file with a test set of its own counts that set's error too") {
    Daemon daemon;
    // Images of two pixels in three classes.
    const auto file = [&](const std::string& name, unsigned samples) {
        std::string pixels;
        std::string labels;
        for (unsigned i = 0; i < samples; ++i) {
            pixels += static_cast<char>(80 * (i % 3) + i % 50);
            pixels += static_cast<char>(200 - 60 * (i % 3) + i % 30);
            labels += static_cast<char>(i % 3);
        }
        const auto images = daemon.write(name + "-images", test::idx({samples, 1, 2}, pixels));
        const auto classes = daemon.write(name + "-labels", test::idx({samples}, labels));
        const std::string key = name == "test" ? "test_" : "";
        return key + "file = \"" + images.string() + "\"\n" + key + "label_file = \"" +
               classes.string() + "\"\n";
    };
    const std::string text = "[data]\nkind = \"idx\"\n" + file("train", 60) + file("test", 40) +
                             "[training]\nepochs = 2\n[[layers]]\nphysics = false\n";
    const json test = train(daemon, {"--seeds", "0..3"}, text).back()["test_accuracy"];
    REQUIRE(test["rule"] == "t_and_test_set");
    const double p = test["mean"];
    const double spread = 3.182446 / 2 * test["deviation"].get<double>();
    REQUIRE(test["half_width"].get<double>() ==
            Approx(std::hypot(spread, 1.959964 * std::sqrt(p * (1 - p) / 40))));
    REQUIRE(contains(daemon.ctl({"run", "show", "g1"}).out, "sampling error of the one test set"));
}

TEST_CASE("when one member cannot be, none is stored, and the message names it") {
    Daemon daemon;
    const auto refused = [&](const std::vector<std::string>& options, const std::string& says) {
        std::vector<std::string> arguments{"run", "start",
                                           daemon.write("run.toml", short_run).string()};
        arguments.insert(arguments.end(), options.begin(), options.end());
        const Finished finished = daemon.ctl(arguments);
        INFO(finished.err);
        REQUIRE(finished.status == 2);
        REQUIRE(contains(finished.err, says));
    };
    refused({"--seeds", "0..1", "--sweep", "training.inner_steps=5,0"},
            "the member with training.inner_steps=0, seed=0: ");
    refused({"--sweep", "training.epoch=5"}, "did you mean 'epochs'");
    refused({"--seeds", "4..1"}, "ends before it begins");
    refused({"--sweep", "training.epochs"}, "there is no '='");
    refused({"--sweep", "seed=1,2"}, "--seeds 0..9");
    REQUIRE(list(daemon, {"--members"}).empty());
    REQUIRE_FALSE(std::filesystem::exists(daemon.state_dir() / "runs" / "1"));
    const std::vector<json> lines = train(daemon, {"--seeds", "0"});
    REQUIRE(lines.front()["group"] == 1); // no number was used up
    REQUIRE(lines.front()["runs"] == json({1}));
}

TEST_CASE("the same submission twice starts one group, and a bad one is refused on the wire too") {
    Daemon daemon;
    Client client(daemon.tcp());
    v1::SubmitGroupRequest request;
    request.mutable_file()->set_name("run.toml");
    request.mutable_file()->set_text(endless_run);
    request.set_idempotency_key("once");
    request.add_members()->set_seed(1);
    request.add_members()->set_seed(2);
    const auto submit = [&] {
        return client.call<v1::SubmitGroupReply>("phyll.v1.Groups/Submit", request);
    };
    const v1::SubmitGroupReply first = submit();
    REQUIRE(submit().group() == first.group());
    REQUIRE(submit().runs(1) == first.runs(1));
    REQUIRE(list(daemon, {"--members"}).size() == 3);
    request.clear_idempotency_key();
    const auto refusal = [&] {
        try {
            static_cast<void>(submit());
        } catch (const Error& error) {
            REQUIRE(error.code() == Code::invalid_argument);
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    request.add_members()->set_seed(2);
    REQUIRE(refusal() == "members[2]: seed=2 is there twice");
    request.mutable_members(2)->add_overrides(" seed = 3");
    REQUIRE(contains(refusal(), "members[2].overrides"));
    request.clear_members();
    REQUIRE(contains(refusal(), "valid are 1 to 1000"));
}

TEST_CASE("a member that fails makes the group fail, the others are trained and counted") {
    Daemon daemon(R"(
hold_limit = 0
[[rigs]]
name = "cavity"
kind = "acoustic"
simulation = { faults = [{ kind = "fail", at_query = 0 }] }
)");
    const json last = train(daemon, {"--seeds", "0..2"}, short_run, 5).back();
    REQUIRE(last["event"] == "finished");
    REQUIRE(last["state"] == "failed");
    REQUIRE(last["failed"] == 1);
    REQUIRE(last["succeeded"] == 2);
    REQUIRE(contains(last["reason"], "run 1: "));
    REQUIRE(last["test_accuracy"]["n"] == 2);
    REQUIRE(list(daemon, {"--state", "failed"}).size() == 1);
    REQUIRE(list(daemon, {"--state", "succeeded"}).empty());
    REQUIRE(daemon.ctl({"run", "watch", "g1"}).status == 5);
}

TEST_CASE("a group survives the daemon, is cancelled as a whole and removed as a whole") {
    Daemon daemon;
    REQUIRE(start(daemon, endless_run, {"--seeds", "0..2"}).status == 0);
    await([&] { return show(daemon, "g1")["running"] == 1; });
    daemon.kill();
    daemon.start();
    await([&] { return show(daemon, "g1")["running"] == 1; });
    REQUIRE(show(daemon, "g1")["waiting"] == 2);
    REQUIRE(list(daemon, {"--rig", "cavity", "--state", "running"}).size() == 1);
    const Finished early = daemon.ctl({"run", "remove", "g1"});
    REQUIRE(early.status == 6);
    REQUIRE(contains(early.err, "cancel it first"));

    const Finished cancelled = daemon.ctl({"--json", "run", "cancel", "g1"});
    REQUIRE(cancelled.status == 0);
    REQUIRE(json::parse(cancelled.out)["cancelled"] == 3);
    REQUIRE(json::parse(daemon.ctl({"--json", "rigs", "cavity"}).out)["safe"] == true);
    REQUIRE(daemon.ctl({"run", "cancel", "g1"}).status == 6);
    const Finished member = daemon.ctl({"run", "remove", "2"});
    REQUIRE(member.status == 6);
    REQUIRE(contains(member.err, "belongs to group g1"));
    REQUIRE(daemon.ctl({"run", "remove", "g1"}).status == 0);
    REQUIRE(list(daemon, {"--members"}).empty());
    REQUIRE_FALSE(std::filesystem::exists(daemon.state_dir() / "runs" / "2"));
    for (const char* action : {"show", "watch", "cancel", "remove", "metrics"}) {
        INFO(action);
        REQUIRE(daemon.ctl({"run", action, "g1"}).status == 3);
        REQUIRE(daemon.ctl({"run", action, "one"}).status == 2);
    }
}

TEST_CASE("members without physics take turns on the processors") {
    Daemon daemon("threads = 1\n[[rigs]]\nname = \"cavity\"\nkind = \"acoustic\"\n");
    const std::vector<std::string> digital{"--set", "layers.0.physics=false", "--set",
                                           "layers.1.physics=false"};
    std::vector<std::string> options = digital;
    options.insert(options.end(), {"--seeds", "0..2"});
    REQUIRE(start(daemon, endless_run, options).status == 0);
    await([&] { return show(daemon, "1")["state"] == "running"; });
    REQUIRE(show(daemon, "2")["state"] == "queued");
    await([&] { return contains(show(daemon, "2")["reason"], "waits for a processor"); });
    // One that gives up in the line does not stop those behind it.
    REQUIRE(daemon.ctl({"run", "cancel", "2"}).status == 0);
    REQUIRE(daemon.ctl({"run", "cancel", "1"}).status == 0);
    await([&] { return show(daemon, "3")["state"] == "running"; });
    REQUIRE(daemon.ctl({"run", "cancel", "g1"}).status == 0);
    const json last = train(daemon, options).back();
    REQUIRE(last["succeeded"] == 3);
    REQUIRE(last["hardware_queries"] == 0);
}
