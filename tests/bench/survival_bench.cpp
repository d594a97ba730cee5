// What it costs a run to lose nothing: the acoustic vowel run with its journal, its checkpoints and
// all that looks after them, against the same steps without, A against B in turn.
//
//   phyll_bench_survival examples/vowels-acoustic.toml DATA_DIR [rounds]

#include "daemon/config/load.hpp"
#include "daemon/rig/rig_factory.hpp"
#include "daemon/rig/rig_thread.hpp"
#include "daemon/runs/attempt.hpp"
#include "daemon/runs/controls.hpp"
#include "daemon/runs/data_files.hpp"
#include "tests/support/scheme_options.hpp"

#include <phyll/v1/config.pb.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using namespace phyll;
using namespace phyll::runs;

/// Stores epochs, as a run does, and nothing else.
class Plain final : public RunObserver {
  public:
    Plain(Store& store, std::uint64_t run, std::optional<ResponseTable>& table)
        : store_(store), run_(run), table_(table) {}
    void epoch(const v1::EpochMetrics& metrics) override { store_.add_epoch(run_, metrics, 1); }
    void progress(const v1::Progress&) override {}
    void answered(const training::Plan& plan, ConstBlock responses) override {
        table_->add(plan, responses);
    }
    bool era(const v1::EraEnded&, bool) override { return true; }
    void checkpoint(Checkpoint, const std::vector<v1::EpochMetrics>&) override {}

  private:
    Store& store_;
    std::uint64_t run_;
    std::optional<ResponseTable>& table_;
};

struct Bench {
    Bench(const std::string& run_file, const std::filesystem::path& data_dir)
        : read(read_below(data_dir, "data")),
          spec(config::load_run_spec(run_file, "run.toml", {}, test::SchemeOptions())) {
        v1::RigConfig config;
        config.set_name("cavity");
        config.set_kind("acoustic");
        config.mutable_simulation()->set_seed(1);
        rig = std::make_unique<rig::RigThread>(
            "cavity", [&] { return rig::make_rig(config, workers, clock, read); }, clock, 0);
        conditions.add_rigs()->set_rig("cavity");
    }

    std::uint64_t submit(Store& store) const {
        const std::uint64_t run = store.add_run({}, spec, "");
        store.started(run, conditions, 1);
        return run;
    }

    std::string guarded(const std::filesystem::path& folder) {
        const StateDir state(folder);
        Store store(state.database());
        const RunSite site{.host = {},
                           .store = store,
                           .state = state,
                           .clock = clock,
                           .read = [this](const NamedFiles&) { return read; },
                           .max_journal_bytes = UINT64_MAX,
                           .hold_limit = Seconds(1.0),
                           .workers = &workers,
                           .stored = [](std::uint64_t) {},
                           .moved = [](std::uint64_t, v1::RunState, const std::string&) {},
                           .progress = [](std::uint64_t, const v1::Progress&) {},
                           .finished = [](std::uint64_t, const Outcome&) {}};
        const RunOrder order{submit(store), spec, {{"cavity", rig.get()}}, conditions, 0};
        return Attempt(order, site, {}).run().weights_sha256();
    }

    std::string plain(const std::filesystem::path& folder) {
        const StateDir state(folder);
        Store store(state.database());
        rig::LeasedRig leased(*rig, {});
        const Job job =
            prepare(spec, [&](const std::string&) -> const LayerSpec& { return rig->spec(); }, read,
                    {.workers = &workers});
        Measurer measurer({.seed = spec.seed(), .reuse = job.reuse});
        measurer.add_rig("cavity", leased, 0);
        std::optional<ResponseTable> table;
        table.emplace(job.shapes.front()->outputs, job.data.split.training.size(),
                      job.data.split.test.size());
        Plain observer(store, submit(store), table);
        RunnerOptions options = runner_options(spec, job.rigs);
        options.checkpoints.reset();
        const v1::RunResult result =
            Runner(*job.scheme, options, measurer, clock, observer).run({});
        static_cast<void>(
            measure_controls({spec, job, measurer, table, clock, observer}, std::stop_token()));
        return result.weights_sha256();
    }

    SystemClock clock;
    Workers workers{std::max(1U, std::thread::hardware_concurrency())};
    FileReader read;
    v1::RunSpec spec;
    v1::Conditions conditions;
    std::unique_ptr<rig::RigThread> rig;
};

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        fmt::print(stderr, "usage: {} RUN_FILE DATA_DIR [rounds]\n", argv[0]);
        return 2;
    }
    std::ifstream file(argv[1]);
    Bench bench(std::string{std::istreambuf_iterator<char>(file), {}}, argv[2]);
    const int rounds = argc > 3 ? std::stoi(argv[3]) : 7;
    std::vector<double> with;
    std::vector<double> without;
    std::vector<double> ratios;
    const std::filesystem::path folder = std::filesystem::current_path() / "survival_bench";
    const auto timed = [&](auto run) {
        std::filesystem::remove_all(folder);
        const auto start = std::chrono::steady_clock::now();
        const std::string weights = run();
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        fmt::print("  {:.3f} s  {}\n", seconds, weights.substr(0, 12));
        return seconds;
    };
    for (int round = 0; round < rounds; ++round) {
        without.push_back(timed([&] { return bench.plain(folder); }));
        with.push_back(timed([&] { return bench.guarded(folder); }));
        ratios.push_back(with.back() / without.back());
    }
    std::filesystem::remove_all(folder);
    fmt::print("without {:.3f} s, with {:.3f} s (medians of {}); ratio in a round: median {:.4f}, "
               "{:.4f} to {:.4f}\n",
               median(without), median(with), rounds, median(ratios),
               *std::ranges::min_element(ratios), *std::ranges::max_element(ratios));
    return 0;
}
