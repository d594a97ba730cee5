#include "daemon/runs/run_thread.hpp"

#include "daemon/runs/result_file.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace phyll::runs {
namespace {

class Observer final : public RunObserver {
  public:
    Observer(std::uint64_t run, const RunSite& site) : run_(run), site_(site) {}

    void epoch(const v1::EpochMetrics& metrics) override {
        site_.store.add_epoch(run_, metrics, wall_seconds(site_.clock));
        site_.stored(run_);
    }
    void progress(const v1::Progress& progress) override { site_.progress(run_, progress); }

  private:
    std::uint64_t run_;
    const RunSite& site_;
};

} // namespace

double wall_seconds(const Clock& clock) {
    return std::chrono::duration<double>(clock.wall().time_since_epoch()).count();
}

RunThread::RunThread(std::uint64_t run, v1::RunSpec spec,
                     std::map<std::string, rig::RigThread*> rigs, const RunSite& site)
    : run_(run),
      spec_(std::move(spec)),
      rigs_(std::move(rigs)),
      site_(site),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

void RunThread::work(const std::stop_token& stop) {
    Outcome outcome;
    try {
        outcome = train(stop);
    } catch (const Error& error) {
        const bool stopped = error.code() == Code::cancelled && stop.stop_requested();
        outcome = {stopped ? v1::RUN_CANCELLED : v1::FAILED, error.what(), {}};
    } catch (const std::exception& error) {
        outcome = {v1::FAILED, fmt::format("failed inside phylld: {}", error.what()), {}};
    }
    // Whoever learns that the run is over finds the rigs safe.
    for (const auto& [name, thread] : rigs_) {
        const SafeState safe = rig::LeasedRig(*thread).make_safe();
        if (safe.state != SafeState::State::safe) {
            outcome.reason += fmt::format("{}rig {} may not be safe: {}",
                                          outcome.reason.empty() ? "" : "; ", name, safe.reason);
        }
    }
    site_.finished(run_, outcome);
}

Outcome RunThread::train(const std::stop_token& stop) {
    const FindRig find = [&](const std::string& name) -> const LayerSpec& {
        return rigs_.at(name)->spec();
    };
    const Job job = prepare(spec_, find, site_.read);

    std::map<std::string, std::unique_ptr<rig::LeasedRig>> leased;
    std::map<std::string, std::uint64_t> ages;
    for (const auto& [name, thread] : rigs_) {
        leased[name] = std::make_unique<rig::LeasedRig>(*thread);
        ages[name] = thread->status().age;
    }
    for (const v1::RunRig& asked : spec_.rigs()) {
        if (asked.has_start_age()) {
            ages[asked.name()] = asked.start_age();
        }
    }
    std::vector<RunnerRig> rigs;
    for (const std::string& name : job.rigs) {
        rigs.push_back(name.empty() ? RunnerRig{}
                                    : RunnerRig{name, leased.at(name).get(), ages.at(name)});
    }
    const RunnerOptions options{.seed = spec_.seed(),
                                .reuse = job.reuse,
                                .epochs = spec_.training().epochs(),
                                .query_batch = spec_.training().query_batch()};
    Observer observer(run_, site_);
    Runner runner(*job.scheme, std::move(rigs), options, site_.clock, observer);
    Outcome outcome{v1::SUCCEEDED, {}, runner.run(stop)};
    v1::RunResult& result = outcome.result;
    result.set_test_samples(static_cast<std::uint32_t>(job.data.split.test.size()));
    result.set_train_samples(static_cast<std::uint32_t>(job.data.split.training.size()));
    result.set_kernel_level(site_.host.kernel_level);
    result.set_cpu_model(site_.host.cpu_model);
    const std::filesystem::path folder = site_.state.run(run_);
    write_result(folder / "result.h5", spec_, result, job.scheme->network());
    write_file(folder / "result.json", to_json(result));
    return outcome;
}

} // namespace phyll::runs
