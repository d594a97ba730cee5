// How much of the shorter of measuring and learning a run hides behind the longer: runs with
// schedule simultaneous on a rig that takes 2 ms for a sample, and no processor for it. The figure
// is the time from the end of the first epoch to that of the last one, over the larger of what rig
// and arithmetic took in between; 1 is all that can be had.
//
//   phyll_bench_overlap [epochs]

#include "daemon/config/load.hpp"
#include "daemon/rig/rig_thread.hpp"
#include "daemon/runs/attempt.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/scheme_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <thread>

namespace {

using namespace phyll;
using namespace phyll::runs;

constexpr std::size_t width = 100; ///< of the rig and of the layers
constexpr auto per_sample = std::chrono::milliseconds(2);

/// Its responses are sines of sums of its inputs.
class SlowRig final : public PhysicalLayer {
  public:
    SlowRig() {
        spec_.kind = "slow";
        spec_.max_batch = 64;
        spec_.seconds_per_sample = Seconds(per_sample).count();
        spec_.inputs.assign(width, {.name = "in", .unit = "V"});
        spec_.outputs.assign(width, {.name = "p", .unit = "Pa", .minimum = -2, .maximum = 2});
    }
    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override {
        const Clock::Monotonic begun = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < x.samples(); ++i) {
            for (std::size_t k = 0; k < width; ++k) {
                y.sample(i)[k] = std::sin(2.0F * (x.sample(i)[k] + x.sample(i)[(k + 7) % width]));
            }
        }
        std::this_thread::sleep_until(begun + per_sample * static_cast<int>(x.samples()));
        for (SampleTime& time : context.times) {
            time = {begun, std::chrono::steady_clock::now()};
        }
    }
    [[nodiscard]] SafeState make_safe() noexcept override { return {}; }
    [[nodiscard]] Health health() const override { return {}; }
    void recover(const Deadline&, std::stop_token) override {}

  private:
    LayerSpec spec_;
};

struct Setting {
    int layers = 1;
    int inner_steps = 10;
    bool prefetch = true;
    int epochs = 2;
};

/// What a run took from the end of its first epoch to that of its last one, in s.
struct Took {
    double wall = 0.0;
    double hardware = 0.0;
    double digital = 0.0;
    double wait = 0.0;
    std::string weights;

    [[nodiscard]] double ratio() const { return wall / std::max(hardware, digital); }
};

v1::RunSpec spec_of(const Setting& setting) {
    std::string text = fmt::format(
        "seed = 1\n[data]\nkind = \"vowels\"\ntraining_samples = 140\ntest_samples = 7\n"
        "[training]\nschedule = \"simultaneous\"\nepochs = {}\nbatch = 20\ninner_steps = {}\n"
        "prefetch = {}\n",
        setting.epochs, setting.inner_steps, setting.prefetch);
    for (int l = 0; l < setting.layers; ++l) {
        text += fmt::format("[[layers]]\nrig = \"slow\"\nwidth = {}\nskip = true\n", width);
    }
    return config::load_run_spec(text, "run.toml", {}, test::SchemeOptions());
}

Took run(const Setting& setting) {
    const test::TempDir dir;
    const SystemClock clock;
    const StateDir state(dir.path() / "state");
    Store store(state.database());
    rig::RigThread rig("slow", [] { return std::make_unique<SlowRig>(); }, clock, 0);
    const v1::RunSpec spec = spec_of(setting);
    v1::Conditions conditions;
    conditions.add_rigs()->set_rig("slow");
    const std::uint64_t number = store.add_run({}, spec, "");
    store.started(number, conditions, 1);
    const RunSite site{.host = {},
                       .store = store,
                       .state = state,
                       .clock = clock,
                       .read = [](const NamedFiles&) { return FileReader(); },
                       .max_journal_bytes = UINT64_MAX,
                       .hold_limit = Seconds(1.0),
                       .workers = nullptr,
                       .stored = [](std::uint64_t) {},
                       .moved = [](std::uint64_t, v1::RunState, const std::string&) {},
                       .progress = [](std::uint64_t, const v1::Progress&) {},
                       .finished = [](std::uint64_t, const Outcome&) {}};
    const RunOrder order{number, spec, {{"slow", &rig}}, conditions, 0};
    Took took;
    took.weights = Attempt(order, site, {}).run().weights_sha256();
    const auto events = store.epochs(number, 0, 1'000'000);
    const v1::EpochMetrics& first = events.front().epoch();
    const v1::EpochMetrics& last = events.back().epoch();
    took.wall = last.active_seconds() - first.active_seconds();
    took.hardware = last.hardware_seconds() - first.hardware_seconds();
    took.digital = last.digital_seconds() - first.digital_seconds();
    took.wait = last.wait_seconds() - first.wait_seconds();
    return took;
}

/// Inner steps with which the arithmetic takes that share of the time of the rig.
int inner_steps(int layers, double share) {
    constexpr int tried = 100;
    const Took took = run({.layers = layers, .inner_steps = tried, .prefetch = false});
    return std::max(1, static_cast<int>(std::lround(tried * share * took.hardware / took.digital)));
}

} // namespace

int main(int argc, char** argv) {
    const int epochs = argc > 1 ? std::stoi(argv[1]) : 6;
    fmt::print("layers  prefetch  rig s  digital s  waiting s  wall s  wall over the larger\n");
    bool same = true;
    for (const int layers : {1, 2}) {
        for (const double share : {0.25, 0.5, 1.0}) {
            const int steps = inner_steps(layers, share);
            std::string weights;
            for (const bool prefetch : {false, true}) {
                const Took took = run({layers, steps, prefetch, epochs});
                fmt::print("{:6}  {:8}  {:5.2f}  {:9.2f}  {:9.2f}  {:6.2f}  {:.3f}\n", layers,
                           prefetch ? "yes" : "no", took.hardware, took.digital, took.wait,
                           took.wall, took.ratio());
                same = same && (weights.empty() || weights == took.weights);
                weights = took.weights;
            }
        }
    }
    fmt::print("{}\n", same ? "the weights are the same" : "THE WEIGHTS DIFFER");
    return same ? 0 : 1;
}
