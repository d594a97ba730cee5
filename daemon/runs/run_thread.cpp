#include "daemon/runs/run_thread.hpp"

#include "daemon/runs/controls.hpp"
#include "daemon/runs/result_file.hpp"
#include "daemon/runs/spilling_bytes.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <chrono>
#include <optional>
#include <utility>

namespace phyll::runs {
namespace {

class Observer final : public RunObserver {
  public:
    Observer(std::uint64_t run, const RunSite& site, std::optional<ResponseTable>& table)
        : run_(run), site_(site), table_(table) {}

    void epoch(const v1::EpochMetrics& metrics) override {
        site_.store.add_epoch(run_, metrics, wall_seconds(site_.clock));
        site_.stored(run_);
    }
    void progress(const v1::Progress& progress) override { site_.progress(run_, progress); }
    void answered(const training::Plan& plan, ConstBlock responses) override {
        if (table_) {
            table_->add(plan, responses);
        }
    }

  private:
    std::uint64_t run_;
    const RunSite& site_;
    std::optional<ResponseTable>& table_;
};

/// Room for the first layer's responses, if it has physics.
std::optional<ResponseTable> new_table(const Job& job) {
    if (!job.shapes.front()) {
        return std::nullopt;
    }
    const training::RigShape& rig = *job.shapes.front();
    return ResponseTable(rig.outputs, job.data.split.training.size(), job.data.split.test.size(),
                         rig.response_storage, job.bytes);
}

} // namespace

double wall_seconds(const Clock& clock) {
    return std::chrono::duration<double>(clock.wall().time_since_epoch()).count();
}

RunThread::RunThread(std::uint64_t run, v1::RunSpec spec,
                     std::map<std::string, rig::RigThread*> rigs, v1::Conditions conditions,
                     const RunSite& site)
    : run_(run),
      spec_(std::move(spec)),
      rigs_(std::move(rigs)),
      conditions_(std::move(conditions)),
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
    const std::filesystem::path folder = site_.state.run(run_);
    const Job job =
        prepare(spec_, find, site_.read, {.workers = site_.workers, .bytes = spill_into(folder)});

    const std::unique_ptr<RunJournal> journal = open_journal(folder);
    Measurer measurer({.seed = spec_.seed(),
                       .reuse = job.reuse,
                       .query_batch = spec_.training().query_batch(),
                       .bytes = job.bytes,
                       .journal = journal.get()});
    std::vector<std::unique_ptr<rig::LeasedRig>> leased;
    for (const v1::RigConditions& rig : conditions_.rigs()) {
        leased.push_back(std::make_unique<rig::LeasedRig>(*rigs_.at(rig.rig())));
        measurer.add_rig(rig.rig(), *leased.back(), rig.age());
    }
    std::optional<ResponseTable> table = new_table(job);
    Observer observer(run_, site_, table);
    Runner runner(*job.scheme, job.rigs, measurer, spec_.training().epochs(), site_.clock,
                  observer);
    Outcome outcome{v1::SUCCEEDED, {}, runner.run(stop)};
    for (v1::Control& control :
         measure_controls({spec_, job, measurer, table, site_.clock, observer}, stop)) {
        *outcome.result.add_controls() = std::move(control);
    }
    v1::RunResult& result = outcome.result;
    result.set_test_samples(static_cast<std::uint32_t>(job.data.split.test.size()));
    result.set_train_samples(static_cast<std::uint32_t>(job.data.split.training.size()));
    result.set_kernel_level(site_.host.kernel_level);
    result.set_cpu_model(site_.host.cpu_model);
    if (journal) {
        journal->close(stop);
    }
    write_result(folder / "result.h5", spec_, result, job.scheme->network());
    write_file(folder / "result.json", to_json(result));
    return outcome;
}

std::unique_ptr<RunJournal> RunThread::open_journal(const std::filesystem::path& folder) {
    if (rigs_.empty()) {
        return nullptr;
    }
    RunJournalOptions options{.path = RunJournal::file_in(folder),
                              .run = run_,
                              .seed = spec_.seed(),
                              .kernel_level = site_.host.kernel_level,
                              .max_bytes = site_.max_journal_bytes};
    std::string configurations;
    for (const v1::RigConditions& rig : conditions_.rigs()) {
        configurations += fmt::format("{} {}\n", rig.rig(), rig.configuration_sha256());
        options.rigs.emplace(rig.rig(), &rigs_.at(rig.rig())->spec());
    }
    crypto_hash_sha256(options.configuration_hash.data(),
                       reinterpret_cast<const unsigned char*>(configurations.data()),
                       configurations.size());
    auto journal = std::make_unique<RunJournal>(options, site_.clock);
    if (!journal->notice().empty()) {
        site_.store.add_notice(run_, journal->notice(), wall_seconds(site_.clock));
        site_.stored(run_);
    }
    return journal;
}

} // namespace phyll::runs
