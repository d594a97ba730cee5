// The same runs on virtual instruments behind the real protocols and on the simulation in the
// daemon: accuracies in pairs of equal seeds. Fails when their means differ by more than a point.
//
//   phyll_paired_accuracy BENCH [seeds, 3] [training samples, 420] [test samples, 2000] [epochs,
//   100]
//
// BENCH: acoustic, electronic or microwave, which learn vowels, or one of the latter with "-usb",
// which wants LD_PRELOAD=libumockdev-preload.so.0; optical, whose super-pixels digits are read off
// by ridge regression, 1000 training samples by itself.

#include "sim/bench/acoustic/acoustic_bench.hpp"
#include "sim/bench/electronic/electronic_bench.hpp"
#include "sim/bench/microwave/microwave_bench.hpp"
#include "sim/bench/optical/optical_bench.hpp"
#include "sim/bench/usb/over_usb.hpp"
#include "tests/integration/json_lines.hpp"
#include "tests/support/process.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace phyll::test;

constexpr double bar = 0.01;

struct Sizes {
    int seeds = 3;
    int training = 0;
    int test = 2000;
    int epochs = 100;
};

struct Subject {
    std::unique_ptr<phyll::bench::Plan> plan;
    std::string rig;
    std::string layer; ///< more lines of each
    bool digits = false;
};

Subject subject(std::string name) {
    constexpr std::string_view usb = "-usb";
    const bool over_usb = name.ends_with(usb);
    name.resize(name.size() - (over_usb ? usb.size() : 0));
    Subject out;
    if (name == "electronic") {
        out = {phyll::bench::electronic_plan({}), "ladder", ""};
    } else if (name == "acoustic") {
        phyll::bench::AcousticBench kind;
        out = {phyll::bench::acoustic_plan(kind), "sound", ""};
    } else if (name == "microwave") {
        out = {phyll::bench::microwave_plan({}), "cavity",
               "width = 20\nencoding = { kind = \"quantise\", bits = 2 }\n"};
    } else if (name == "optical") {
        phyll::bench::OpticalBench kind;
        kind.nature.device.modulation = phyll::physics::OpticalModulation::amplitude;
        out = {phyll::bench::optical_plan(kind), "speckle", "", true};
    } else {
        throw std::runtime_error(
            "BENCH is acoustic, electronic, microwave, electronic-usb, microwave-usb or optical");
    }
    if (over_usb) {
        out.plan = phyll::bench::usb::over_usb(std::move(out.plan));
    }
    return out;
}

std::string run_file(const Subject& subject, const Sizes& sizes) {
    const std::string samples =
        fmt::format("training_samples = {}\ntest_samples = {}\n", sizes.training, sizes.test);
    if (subject.digits) { // each is measured once, and a linear map is fitted to what was
        return fmt::format("[data]\nkind = \"digits\"\n{}[scheme]\nkind = \"ridge\"\n[[layers]]\n"
                           "encoding = {{ kind = \"direct\" }}\nrig = \"{}\"\n",
                           samples, subject.rig);
    }
    const std::string layer =
        fmt::format("[[layers]]\nrig = \"{}\"\nskip = true\n{}", subject.rig, subject.layer);
    return fmt::format("[data]\nkind = \"vowels\"\n{}label_entries = 8\n[training]\nschedule = "
                       "\"greedy\"\nepochs = {}\n{}{}",
                       samples, sizes.epochs, layer, layer);
}

std::string must(const Finished& finished) {
    if (finished.status != 0) {
        throw std::runtime_error(finished.err);
    }
    return finished.out;
}

double accuracy(const Daemon& daemon, const std::string& file, int seed, const char* where) {
    const std::string started = must(
        daemon.ctl({"--json", "run", "start", file, "--set", fmt::format("seed={}", seed), where}));
    const auto run = lines_of(started).back().at("run").get<int>();
    static_cast<void>(must(daemon.ctl({"--json", "run", "watch", std::to_string(run)})));
    const auto shown =
        nlohmann::json::parse(must(daemon.ctl({"--json", "run", "show", std::to_string(run)})));
    return shown.at("test_accuracy").get<double>();
}

} // namespace

int main(int argc, char** argv) {
    const auto argument = [&](int i, int otherwise) {
        return argc > i ? std::stoi(argv[i]) : otherwise;
    };
    const Subject on = subject(argc > 1 ? argv[1] : "");
    const Sizes sizes{argument(2, 3), argument(3, on.digits ? 1000 : 420), argument(4, 2000),
                      argument(5, 100)};
    phyll::bench::Bench bench(*on.plan);
    for (const auto& [name, value] : bench.environment()) {
        ::setenv(name.c_str(), value.c_str(), 1); // for the daemon
    }
    const TempDir locks;
    const Daemon daemon("lock_dir = \"" + locks.path().string() + "\"\n" + bench.config());
    static_cast<void>(must(daemon.ctl({"rig", "calibrate", on.rig})));
    const std::string file = daemon.write("paired.toml", run_file(on, sizes)).string();
    double on_instruments = 0;
    double simulated = 0;
    for (int seed = 0; seed < sizes.seeds; ++seed) {
        const double real = accuracy(daemon, file, seed, "--yes");
        const double computed = accuracy(daemon, file, seed, "--simulate");
        fmt::print("seed {}: {:.2f} % on virtual instruments, {:.2f} % simulated\n", seed,
                   100 * real, 100 * computed);
        std::fflush(stdout);
        on_instruments += real / sizes.seeds;
        simulated += computed / sizes.seeds;
    }
    const double difference = on_instruments - simulated;
    fmt::print("mean of {} seeds, {} test samples: {:.2f} % and {:.2f} %, difference {:+.2f} "
               "points (bar {:g})\n",
               sizes.seeds, sizes.test, 100 * on_instruments, 100 * simulated, 100 * difference,
               100 * bar);
    return std::abs(difference) <= bar ? 0 : 1;
}
