#pragma once

// A short run on a rig whose noise and drift tell every measurement from every other, and a daemon
// that is killed under it: for the test in ./check, and for the soak.

#include "tests/integration/json_lines.hpp"
#include "tests/support/await.hpp"
#include "tests/support/process.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace phyll::test {

inline constexpr const char* restless_lab = R"(
[[rigs]]
name = "cavity"
kind = "acoustic"
simulation = { noise = 0.05, drift_samples = 5000 }
)";

/// `training` goes into the run file's [training], `tables` before it.
inline std::string interrupted_run(const std::string& training, const std::string& tables = "") {
    return "seed = 4\n[data]\nkind = \"vowels\"\ntraining_samples = 70\ntest_samples = 70\n" +
           tables + "[training]\n" + training +
           "epochs = 8\n[[layers]]\nrig = \"cavity\"\nskip = true\n[[layers]]\nrig = "
           "\"cavity\"\n";
}

/// What came out of a run, and what those who watch were told of it.
struct LearnedRun {
    std::string weights;
    std::vector<nlohmann::json> epochs; ///< step, layer, loss, accuracy

    bool operator==(const LearnedRun&) const = default;
};

/// Waits for the end of run 1; throws when it did not succeed.
inline LearnedRun learned(const Daemon& daemon) {
    const std::string watched = daemon.ctl({"--json", "run", "watch", "1"}).out;
    const nlohmann::json run = show(daemon);
    if (run["state"] != "succeeded") {
        throw std::runtime_error("the run did not succeed: " + run.dump());
    }
    LearnedRun out{run["weights_sha256"], {}};
    std::istringstream lines(watched);
    for (std::string line; std::getline(lines, line);) {
        const nlohmann::json event = nlohmann::json::parse(line);
        if (event["event"] == "rewound") {
            // Epochs from there on happen again.
            std::erase_if(out.epochs,
                          [&](const nlohmann::json& epoch) { return epoch[0] >= event["step"]; });
        } else if (event["event"] == "epoch") {
            out.epochs.push_back({event["step"], event["layer"], event["loss"],
                                  event.value("train_accuracy", -1.0)});
        }
    }
    return out;
}

inline void start_run(const Daemon& daemon, const std::string& file) {
    if (daemon.ctl({"run", "start", daemon.write("run.toml", file).string()}).status != 0) {
        throw std::runtime_error("the run could not be started");
    }
}

/// What comes out of a run when nobody kills anything.
inline LearnedRun undisturbed(const std::string& file) {
    const Daemon quiet(restless_lab);
    start_run(quiet, file);
    return learned(quiet);
}

/// Kills and starts the daemon twice, each time after up to `longest`; returns how often a run was
/// under way. A third death without anything new would be the run's end, as it should.
inline int kill_at_random(Daemon& daemon, std::mt19937& random, std::chrono::milliseconds longest) {
    std::uniform_int_distribution<long> moment(0, longest.count());
    for (int i = 0; i < 2; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(moment(random)));
        daemon.kill();
        daemon.start();
    }
    return show(daemon)["interruptions"].get<int>();
}

} // namespace phyll::test
