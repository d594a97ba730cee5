// kill -9 at random moments of short, noisy, drifting runs, of several kinds: every run must end
// with the weights and the epochs of an undisturbed one.
//
//   phyll_soak_kills [moments, 50] [seed, 1]

#include "tests/integration/killed_runs.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace {

using namespace phyll::test;

struct Kind {
    std::string name;
    std::string file;
};

std::vector<Kind> kinds() {
    const std::string often = "[checkpoints]\nleast_seconds = 0\n";
    const std::string looks = "[sentinels]\nevery = 100\ntolerance = 1\n";
    return {
        {"greedy", interrupted_run("schedule = \"greedy\"\n", often)},
        {"simultaneous", interrupted_run("schedule = \"simultaneous\"\n", often)},
        {"greedy, no checkpoint", interrupted_run("schedule = \"greedy\"\n")},
        {"simultaneous, batches, sentinels",
         interrupted_run("schedule = \"simultaneous\"\nbatch = 16\n", often + looks)},
        {"simultaneous, reuse, repeats",
         interrupted_run("schedule = \"simultaneous\"\nreuse = \"run\"\nrepeats = 3\n", often)},
        {"greedy, perturbed, sentinels",
         interrupted_run("schedule = \"greedy\"\n",
                         often + looks +
                             "[[perturb]]\nrig = \"cavity\"\nat_epoch = 4\nfraction = 0.2\n")},
    };
}

} // namespace

int main(int argc, char** argv) {
    const int moments = argc > 1 ? std::stoi(argv[1]) : 50;
    std::mt19937 random(argc > 2 ? static_cast<unsigned>(std::stoul(argv[2])) : 1U);
    int failures = 0;
    for (const Kind& kind : kinds()) {
        const LearnedRun expected = undisturbed(kind.file);
        int killed = 0;
        int runs = 0;
        while (killed < moments) {
            Daemon daemon(restless_lab);
            start_run(daemon, kind.file);
            killed += kill_at_random(daemon, random, std::chrono::milliseconds(300));
            ++runs;
            try {
                failures += learned(daemon) == expected ? 0 : 1;
            } catch (const std::exception& error) {
                fmt::print("{}: {}\n", kind.name, error.what());
                ++failures;
            }
        }
        fmt::print("{}: {} runs killed {} times, {} epochs each; {} failures so far\n", kind.name,
                   runs, killed, expected.epochs.size(), failures);
    }
    return failures == 0 ? 0 : 1;
}
