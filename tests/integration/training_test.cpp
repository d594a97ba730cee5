#include "tests/integration/json_lines.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <sstream>

using nlohmann::json;
using phyll::test::Daemon;
using phyll::test::Finished;
using phyll::test::lines_of;
using phyll::test::short_run;

namespace {

/// Watches a run to its end; its lines, the last of them with event "finished".
std::vector<json> train(const Daemon& daemon, const std::vector<std::string>& set = {},
                        const std::string& text = short_run) {
    std::vector<std::string> arguments{"--json", "run", "start",
                                       daemon.write("run.toml", text).string(), "--watch"};
    for (const std::string& override_key : set) {
        arguments.insert(arguments.end(), {"--set", override_key});
    }
    const Finished finished = daemon.ctl(arguments);
    INFO(finished.out << finished.err);
    REQUIRE(finished.status == 0);
    return lines_of(finished.out);
}

/// (step, loss, pair accuracy, training accuracy) of every epoch.
std::vector<json> metrics_of(const std::vector<json>& lines) {
    std::vector<json> metrics;
    for (const json& line : lines) {
        if (line["event"] == "epoch") {
            metrics.push_back({line["step"], line["loss"], line["pair_accuracy"],
                               line.value("train_accuracy", -1.0)});
        }
    }
    return metrics;
}

} // namespace

TEST_CASE("a run is checked, trained, shown and listed") {
    Daemon daemon;
    const std::string file = daemon.write("run.toml", short_run).string();
    const Finished checked = daemon.ctl({"--json", "run", "check", file});
    REQUIRE(checked.status == 0);
    const json plan = json::parse(checked.out);
    REQUIRE(plan["training_queries"] == 2 * 42 * 7);
    REQUIRE(plan["evaluation_queries"] == 2 * 35 * 7);
    REQUIRE(plan["hardware_seconds"] == Approx(2 * 77 * 7 * 0.1));

    const std::vector<json> lines = train(daemon);
    const json& last = lines.back();
    REQUIRE(last["event"] == "finished");
    REQUIRE(last["state"] == "succeeded");
    REQUIRE(last["run"] == 1);
    REQUIRE(last["name"] == "short");
    REQUIRE(last["training_queries"] == plan["training_queries"]);
    REQUIRE(last["evaluation_queries"] == plan["evaluation_queries"]);
    REQUIRE(last["hardware_queries"] == 2 * 77 * 7);
    REQUIRE(last["test_samples"] == 35);
    REQUIRE(last["evidence"] == "simulation");
    REQUIRE(last["hardware_seconds"] > 0.0);
    REQUIRE(last["nominal_seconds"] == Approx(plan["hardware_seconds"].get<double>()));
    REQUIRE(last["layers"].size() == 2);
    REQUIRE(last["layers"][0]["training_queries"] == 42 * 7);
    REQUIRE(last["weights_sha256"].get<std::string>().size() == 64);
    REQUIRE(last["test_accuracy"] > 0.3); // 6 epochs; chance is 0.14
    REQUIRE(metrics_of(lines).size() == 12);

    const std::filesystem::path folder = last["folder"].get<std::string>();
    REQUIRE(std::filesystem::exists(folder / "run.toml"));
    REQUIRE(std::filesystem::exists(folder / "result.h5"));
    REQUIRE(json::parse(daemon.ctl({"--json", "run", "show", "1"}).out)["test_accuracy"] ==
            last["test_accuracy"]);
    REQUIRE(json::parse(daemon.ctl({"--json", "run", "list"}).out)["run"] == 1);
    REQUIRE(daemon.ctl({"run", "show", "1"}).out.find("standard error") != std::string::npos);
    // Watching a run that is over tells it all again.
    const auto again = lines_of(daemon.ctl({"--json", "run", "watch", "1"}).out);
    REQUIRE(metrics_of(again) == metrics_of(lines));
    REQUIRE(again.back() == last);
}

TEST_CASE("the same seed gives the same metrics and weights at any batch size and thread count, "
          "measured ahead or not") {
    std::optional<std::vector<json>> metrics;
    std::string weights;
    const auto compare = [&](const Daemon& daemon, const std::vector<std::string>& set) {
        // Each run begins at the same age of the drifting rig.
        const std::vector<json> lines =
            train(daemon, set, short_run + "[[rigs]]\nname = \"cavity\"\nstart_age = 0\n");
        if (!metrics) {
            metrics = metrics_of(lines);
            weights = lines.back()["weights_sha256"];
        }
        REQUIRE(metrics_of(lines) == *metrics);
        REQUIRE(lines.back()["weights_sha256"] == weights);
    };
    const std::string noisy = R"(
[[rigs]]
name = "cavity"
kind = "acoustic"
simulation = { noise = 0.005, drift_samples = 5000.0 }
)";
    {
        Daemon daemon("threads = 1\n" + noisy);
        compare(daemon, {});
        compare(daemon, {});
        compare(daemon, {"training.query_batch=7", "training.prefetch=false"});
    }
    {
        Daemon daemon("threads = 3\n" + noisy);
        compare(daemon, {"training.query_batch=100"});
        const std::vector<json> other = train(daemon, {"seed=4"});
        REQUIRE(other.back()["weights_sha256"] != weights);
    }
}

TEST_CASE(
    "controls stand beside the headline, physics only is priced, and measured when asked for") {
    Daemon daemon;
    const auto control = [](const json& result, const std::string& kind) -> json {
        for (const json& entry : result["controls"]) {
            if (entry["kind"] == kind) {
                return entry;
            }
        }
        return nullptr;
    };
    const json plain = train(daemon).back();
    for (const char* kind : {"without_physics", "random_features", "ridge_inputs", "softmax_inputs",
                             "ridge_responses", "softmax_responses"}) {
        REQUIRE(control(plain, kind)["test_accuracy"] > 0.2);
    }
    REQUIRE_FALSE(control(plain, "physics_only").contains("test_accuracy"));
    REQUIRE(control(plain, "physics_only")["reason"].get<std::string>().find("--physics-only") !=
            std::string::npos);

    const std::string file = daemon.write("run.toml", short_run).string();
    const json priced = json::parse(daemon.ctl({"--json", "run", "check", file}).out)["controls"];
    REQUIRE(priced.size() == 1);
    REQUIRE(priced[0]["asked_for"] == false);
    const Finished asked = daemon.ctl({"--json", "run", "start", file, "--physics-only", "--watch",
                                       "--set", "layers.0.skip=true"});
    const json measured = control(lines_of(asked.out).back(), "physics_only");
    REQUIRE(measured["test_accuracy"] > 0.2);
    REQUIRE(measured["training_queries"] <= priced[0]["training_queries"]);
    REQUIRE(measured["training_queries"] > 0);
    // Controls change nothing about the run.
    REQUIRE(train(daemon, {"controls.physics_only=true"}).back()["weights_sha256"] ==
            plain["weights_sha256"]);
    const Finished shown = daemon.ctl({"run", "show", "1"});
    REQUIRE(shown.out.find("not measured") != std::string::npos);
    REQUIRE(shown.out.find("softmax on the inputs") != std::string::npos);
}

TEST_CASE("the simultaneous schedule measures at every step") {
    Daemon daemon;
    const json last = train(daemon, {"training.schedule=simultaneous", "training.epochs=3"}).back();
    // Two signs, three epochs and two layers, beside what the scales are fitted on.
    REQUIRE(last["training_queries"] >= 2 * 42 * 3 * 2);
    REQUIRE(last["layers"][0]["reused"] == 0);
}

TEST_CASE("what is wrong with a run file is said by line and key, and nothing is started") {
    Daemon daemon;
    const auto start = [&](const std::string& text) {
        return daemon.ctl({"run", "start", daemon.write("bad.toml", text).string()});
    };
    const auto refused = [&](const std::string& text, int status, const std::string& says) {
        const Finished finished = start(text);
        INFO(finished.err);
        REQUIRE(finished.status == status);
        REQUIRE(finished.err.find(says) != std::string::npos);
    };
    const std::string data = "[data]\nkind = \"vowels\"\n";
    const std::string layer = "[[layers]]\nrig = \"cavity\"\n";
    refused("[training]\nepoch = 5\n" + data + layer, 2, "did you mean 'epochs'");
    refused(data + "[training]\nepochs = \"many\"\n" + layer, 2, "bad.toml:4");
    refused(data + "[[layers]]\nrig = \"cavty\"\n", 3, "cavity, echo");
    refused(data + "[scheme]\nkind = \"phil\"\n" + layer, 2, "phyll");
    refused(data + layer + "width = 30\n" + layer, 2, "20");
    refused("[data]\nkind = \"csv\"\nfile = \"no.csv\"\nlabel = \"l\"\n" + layer, 3, "no.csv");
    refused(data, 2, "layers");
    refused("x = [", 2, "bad.toml:1");
    REQUIRE(daemon.ctl({"--json", "run", "list"}).out.empty());
}
