#include "daemon/runs/attempt.hpp"

#include "daemon/runs/controls.hpp"
#include "daemon/runs/result_file.hpp"
#include "daemon/runs/result_totals.hpp"
#include "daemon/runs/spilling_bytes.hpp"
#include "daemon/training/input_orders.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::runs {
namespace {

/// Room for the first layer's responses, if it has physics.
std::optional<ResponseTable> new_table(const v1::RunSpec& spec, const Job& job) {
    if (!job.shapes.front()) {
        return std::nullopt;
    }
    const training::RigShape& rig = *job.shapes.front();
    const std::size_t outputs = rig.outputs * training::permutations_of(spec.layers(0));
    return ResponseTable(outputs, job.data.split.training.size(), job.data.split.test.size(),
                         rig.response_storage, job.bytes);
}

/// Who asks the network later on has no data set to look into.
void name_data(const training::DataSet& data, v1::RunResult& result) {
    constexpr std::size_t most_features = 4096;
    for (const std::string& name : data.class_names) {
        result.add_classes(utf8(name));
    }
    if (data.feature_names.size() <= most_features) {
        for (const std::string& name : data.feature_names) {
            result.add_feature_names(utf8(name));
        }
    }
}

bool same_learning(const v1::EpochMetrics& a, const v1::EpochMetrics& b) {
    return a.loss() == b.loss() && a.pair_accuracy() == b.pair_accuracy() &&
           a.train_accuracy() == b.train_accuracy() &&
           a.validation_accuracy() == b.validation_accuracy();
}

} // namespace

class Attempt::Observer final : public RunObserver {
  public:
    /// `before` are epochs that an earlier attempt took beyond the step that this one begins with.
    Observer(Attempt& attempt, std::optional<ResponseTable>& table,
             const std::vector<v1::EpochMetrics>& before)
        : attempt_(attempt), table_(table) {
        for (const v1::EpochMetrics& epoch : before) {
            before_.emplace(epoch.step(), epoch);
        }
    }

    void epoch(const v1::EpochMetrics& metrics) override {
        const RunSite& site = attempt_.site_;
        attempt_.to_disk(
            [&] { site.store.add_epoch(attempt_.order_.run, metrics, wall_seconds(site.clock)); });
        compare(metrics);
        site.stored(attempt_.order_.run);
    }
    void progress(const v1::Progress& progress) override {
        attempt_.site_.progress(attempt_.order_.run, progress);
    }
    void answered(const training::Plan& plan, ConstBlock responses) override {
        if (table_) {
            table_->add(plan, responses);
        }
    }
    bool era(const v1::EraEnded& era, bool look) override {
        const RunSite& site = attempt_.site_;
        const bool is_new = attempt_.to_disk([&] {
            return site.store.add_era(attempt_.order_.run, era, look, wall_seconds(site.clock));
        });
        site.stored(attempt_.order_.run);
        return is_new;
    }
    void checkpoint(Checkpoint checkpoint, const std::vector<v1::EpochMetrics>& epochs) override {
        attempt_.keep_checkpoint(std::move(checkpoint), epochs);
        std::ranges::for_each(epochs, [&](const auto& epoch) { compare(epoch); });
    }

  private:
    /// What is computed again from the same measurements comes out the same, or somebody should
    /// know.
    void compare(const v1::EpochMetrics& now) {
        const auto before = before_.extract(now.step());
        if (before && !same_learning(before.mapped(), now)) {
            attempt_.tell(fmt::format("does not repeat itself: the loss of epoch {} of layer {} is "
                                      "{}, and was {} before it was interrupted",
                                      now.epoch(), now.layer(), now.loss(),
                                      before.mapped().loss()));
        }
    }

    Attempt& attempt_;
    std::optional<ResponseTable>& table_;
    std::map<std::uint64_t, v1::EpochMetrics> before_; ///< by step
};

Attempt::Attempt(const RunOrder& order, const RunSite& site, std::stop_token stop,
                 std::stop_token pause)
    : Workplace(order, site, std::move(stop), std::move(pause)) {}

Attempt::~Attempt() = default;

v1::RunResult Attempt::run() {
    take_place();
    const std::unique_ptr<Work> begun = start();
    try {
        v1::RunResult result = do_work(*begun);
        finish(result, *begun);
        return result;
    } catch (const Error& error) {
        if (error.code() == Code::cancelled && pause_.stop_requested()) {
            holding_.over(stop_); // the disk had failed, and had room again
        }
        throw;
    }
}

v1::RunResult Attempt::do_work(Work& work) {
    v1::RunResult result = work.runner->run(stop_, pause_);
    for (v1::Control& control : measure_controls({order_.spec, work.job, *work.measurer, work.table,
                                                  site_.clock, *work.observer, result},
                                                 stop_, pause_)) {
        *result.add_controls() = std::move(control);
    }
    return result;
}

// ---- Where it begins

std::unique_ptr<Attempt::Work> Attempt::prepare_work() {
    auto made = std::make_unique<Work>();
    Work& work = *made;
    const FindRig find = [&](const std::string& name) -> const LayerSpec& {
        return layers_.at(name)->spec();
    };
    work.job = prepare(order_.spec, find, site_.read(order_.files),
                       {.workers = site_.workers, .bytes = spill_into(folder_)});
    work.measurer = std::make_unique<Measurer>(
        MeasurerOptions{.seed = order_.spec.seed(),
                        .reuse = work.job.reuse,
                        .repeats = repeats_of(order_.spec),
                        .query_batch = order_.spec.training().query_batch(),
                        .bytes = work.job.bytes,
                        .journal = journal_.get(),
                        .trouble = order_.rigs.empty() ? nullptr : &holding_,
                        .sentinels = order_.spec.sentinels(),
                        .pause = pause_,
                        .over = order_.over,
                        .clock = &site_.clock});
    for (const v1::RigConditions& rig : order_.conditions.rigs()) {
        work.measurer->add_rig(rig.rig(), access_to(rig));
    }
    work.table = new_table(order_.spec, work.job);
    return made;
}

std::unique_ptr<Attempt::Work> Attempt::start() {
    const std::uint64_t step = checkpoint_ ? checkpoint_->position.step() : 0;
    const std::vector<v1::EpochMetrics> before =
        to_disk([&] { return site_.store.rewind(order_.run, step, wall_seconds(site_.clock)); });
    std::unique_ptr<Work> made = prepare_work();
    Work& work = *made;
    work.observer = std::make_unique<Observer>(*this, work.table, before);
    RunnerOptions options = runner_options(order_.spec, work.job.rigs);
    options.power = site_.power;
    options.held_for = [this] { return holding_.held_for(); };
    if (order_.replay_of != 0) {
        options.power.rigs.clear();  // nothing is measured,
        options.prefetch = false;    // no rig is kept waiting
        options.checkpoints.reset(); // there is nothing to be lost,
        options.holds = false;       // and nothing to be looked at
        options.max_eras = UINT64_MAX;
        options.perturb.clear(); // the journal has what the displaced rig answered
    }
    work.runner = std::make_unique<Runner>(*work.job.scheme, options, *work.measurer, site_.clock,
                                           *work.observer);
    if (!checkpoint_) {
        return made;
    }
    try {
        work.runner->restore(*checkpoint_);
    } catch (const Error& error) {
        if (error.code() != Code::data_loss) {
            throw;
        }
        tell(fmt::format("the checkpoint of step {} cannot be used: {}", step, error.what()));
        find_checkpoint(step);
        return start();
    }
    tell(fmt::format("goes on from its checkpoint of step {}", step));
    checkpoint_.reset(); // it may be large
    return made;
}

// ---- How it ends

void Attempt::finish(v1::RunResult& result, const Work& work) {
    const Job& job = work.job;
    name_data(job.data.data, result);
    result.set_test_samples(static_cast<std::uint32_t>(job.data.split.test.size()));
    result.set_train_samples(static_cast<std::uint32_t>(job.data.split.training.size()));
    result.set_kernel_level(site_.host.kernel_level);
    result.set_cpu_model(site_.host.cpu_model);
    for (const std::string& rig : work.measurer->unproven()) {
        result.add_remarks(unproven_remark(rig));
    }
    to_disk([&] {
        if (journal_) {
            journal_->close(stop_);
        }
    });
    // Apart: the file's own copy of the result cannot have the file's hash.
    const std::string sha256 = to_disk([&] {
        return write_result(folder_ / "result.h5", order_.spec, result, job.scheme->network());
    });
    result.set_file_sha256(sha256);
    to_disk([&] { write_file(folder_ / "result.json", to_json(result)); });
}

} // namespace phyll::runs
