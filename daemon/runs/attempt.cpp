#include "daemon/runs/attempt.hpp"

#include "daemon/runs/controls.hpp"
#include "daemon/runs/measuring/recorded_layer.hpp"
#include "daemon/runs/result_file.hpp"
#include "daemon/runs/rigs_file.hpp"
#include "daemon/runs/spilling_bytes.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::runs {
namespace {

/// Room for the first layer's responses, if it has physics.
std::optional<ResponseTable> new_table(const Job& job) {
    if (!job.shapes.front()) {
        return std::nullopt;
    }
    const training::RigShape& rig = *job.shapes.front();
    return ResponseTable(rig.outputs, job.data.split.training.size(), job.data.split.test.size(),
                         rig.response_storage, job.bytes);
}

bool same_learning(const v1::EpochMetrics& a, const v1::EpochMetrics& b) {
    return a.loss() == b.loss() && a.pair_accuracy() == b.pair_accuracy() &&
           a.train_accuracy() == b.train_accuracy();
}

/// Of all that the rigs are configured to be.
Sha256Digest configuration_hash(const v1::Conditions& conditions) {
    std::string configurations;
    for (const v1::RigConditions& rig : conditions.rigs()) {
        configurations += fmt::format("{} {}\n", rig.rig(), rig.configuration_sha256());
    }
    return sha256_of(configurations);
}

/// What the run asks of a rig beside queries.
v1::RunRig asked_of(const v1::RunSpec& spec, const std::string& rig) {
    const auto found = std::ranges::find(spec.rigs(), rig, &v1::RunRig::name);
    return found == spec.rigs().end() ? v1::RunRig() : *found;
}

HoldingSite holding_site(std::uint64_t run, const RunSite& site) {
    return {.clock = site.clock,
            .limit = site.hold_limit,
            .has_room = [&site] { return site.store.keeps_reserve(); },
            .change_state =
                [run, &site](v1::RunState state, const std::string& reason) {
                    site.store.change_state(run, state, reason, wall_seconds(site.clock));
                    site.moved(run, state, reason);
                }};
}

} // namespace

double wall_seconds(const Clock& clock) {
    return std::chrono::duration<double>(clock.wall().time_since_epoch()).count();
}

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
    : order_(order),
      site_(site),
      stop_(std::move(stop)),
      pause_(std::move(pause)),
      folder_(site.state.run(order.run)),
      holding_(holding_site(order.run, site)),
      checkpoints_(folder_, order.run, to_hex(sha256_of(order.spec.SerializeAsString())),
                   site.store) {}

Attempt::~Attempt() = default;

void Attempt::tell(const std::string& text) {
    to_disk([&] { site_.store.add_notice(order_.run, text, wall_seconds(site_.clock)); });
    site_.stored(order_.run);
}

v1::RunResult Attempt::run() {
    find_checkpoint(UINT64_MAX);
    if (order_.replay_of != 0) {
        add_recorded_layers();
    } else if (!order_.rigs.empty()) {
        add_layers();
        open_journal();
    }
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
    for (v1::Control& control : measure_controls(
             {order_.spec, work.job, *work.measurer, work.table, site_.clock, *work.observer},
             stop_, pause_)) {
        *result.add_controls() = std::move(control);
    }
    return result;
}

void Attempt::find_checkpoint(std::uint64_t below) {
    std::vector<std::string> remarks;
    checkpoint_ = checkpoints_.latest(remarks, below);
    for (const std::string& remark : remarks) {
        tell(remark);
    }
}

// ---- What it runs on

void Attempt::add_layers() {
    for (const v1::RigConditions& rig : order_.conditions.rigs()) {
        layers_[rig.rig()] =
            std::make_unique<rig::LeasedRig>(*order_.rigs.at(rig.rig()), order_.over);
    }
    if (!std::filesystem::exists(folder_ / rigs_file_name)) {
        note_rigs();
    }
}

void Attempt::note_rigs() {
    std::map<std::string, const LayerSpec*> specs;
    for (const auto& [name, layer] : layers_) {
        specs[name] = &layer->spec();
    }
    to_disk([&] { write_rigs(folder_ / rigs_file_name, specs); });
}

void Attempt::add_recorded_layers() {
    const std::filesystem::path source = site_.state.folder_of(order_.replay_of);
    journal_ = std::make_unique<RunJournal>(RunJournal::file_in(source));
    const std::string what = fmt::format("run {}", order_.replay_of);
    for (auto& [name, spec] : read_rigs(source / rigs_file_name)) {
        layers_[name] = std::make_unique<RecordedLayer>(name, spec, what);
    }
}

void Attempt::open_journal() {
    RunJournalOptions options{.path = RunJournal::file_in(folder_),
                              .run = order_.run,
                              .seed = order_.spec.seed(),
                              .configuration_hash = configuration_hash(order_.conditions),
                              .kernel_level = site_.host.kernel_level,
                              .max_bytes = site_.max_journal_bytes};
    for (const auto& [name, layer] : layers_) {
        options.rigs.emplace(name, &layer->spec());
    }
    if (checkpoint_) {
        options.durable = checkpoint_->position.journal();
    }
    journal_ = to_disk([&] { return std::make_unique<RunJournal>(options, site_.clock); });
    if (journal_->was_put_aside()) {
        checkpoint_.reset(); // what it learned, it learned from other devices
        note_rigs();
    }
    if (!journal_->notice().empty()) {
        tell(journal_->notice());
    }
}

void Attempt::add_lender(const v1::RigConditions& rig, RigAccess& access) {
    const std::uint64_t from = order_.spec.training().reuse_from();
    if (from == 0) {
        return;
    }
    // What was borrowed is in the run's own journal: there a replay finds it, and a run whose
    // lender was removed meanwhile.
    access.lender = journal_.get();
    access.lender_is_gone = true;
    const std::optional<RunRecord> other = site_.store.run(from);
    if (order_.replay_of != 0 || !other) {
        return;
    }
    const auto& rigs = other->info.conditions().rigs();
    const auto same = std::ranges::find(rigs, rig.rig(), &v1::RigConditions::rig);
    if (same == rigs.end() || same->configuration_sha256() != rig.configuration_sha256()) {
        tell(fmt::format("nothing of run {} is reused for rig '{}': it {}", from, rig.rig(),
                         same == rigs.end() ? "did not use it"
                                            : "used it with another configuration"));
        return;
    }
    if (!lender_) {
        lender_ = std::make_unique<RunJournal>(RunJournal::file_in(site_.state.folder_of(from)));
    }
    access.lender = lender_.get();
    access.lender_is_gone = false;
}

RigAccess Attempt::access_to(const v1::RigConditions& conditions) {
    const std::string& name = conditions.rig();
    RigAccess access{.layer = layers_.at(name).get(),
                     .start_age = conditions.age(),
                     .era = std::max<std::uint64_t>(1, conditions.era()),
                     .keep_raw = asked_of(order_.spec, name).keep_raw()};
    if (const auto thread = order_.rigs.find(name); thread != order_.rigs.end()) {
        rig::RigThread& rig = *thread->second;
        if (journal_->was_put_aside()) {
            access.era = rig.era(); // in the journal of another device the first era does not count
        }
        access.present_era = [&rig] { return rig.era(); };
        access.end_era = [this, &rig](const std::string& why) { end_era(rig, why); };
        access.perturb = [&rig](double fraction) { rig.perturb(fraction); };
    }
    add_lender(conditions, access);
    return access;
}

void Attempt::end_era(rig::RigThread& rig, const std::string& why) {
    const RigEra next = to_disk([&] {
        // The store must not know of an end that the journal may lose.
        static_cast<void>(journal_->sync(stop_));
        return site_.store.end_era(rig.name(), why, wall_seconds(site_.clock));
    });
    rig.set_era(next.era);
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
                        .pause = pause_});
    for (const v1::RigConditions& rig : order_.conditions.rigs()) {
        work.measurer->add_rig(rig.rig(), access_to(rig));
    }
    work.table = new_table(work.job);
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
    if (order_.replay_of != 0) {
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

void Attempt::keep_checkpoint(Checkpoint checkpoint, const std::vector<v1::EpochMetrics>& epochs) {
    to_disk([&] {
        // What the checkpoint rests on is on the disk before it is.
        if (journal_) {
            checkpoint.position.set_journal(journal_->sync(stop_));
        }
        checkpoints_.keep(checkpoint, epochs, wall_seconds(site_.clock));
    });
    site_.stored(order_.run);
}

// ---- How it ends

void Attempt::finish(v1::RunResult& result, const Work& work) {
    const Job& job = work.job;
    result.set_test_samples(static_cast<std::uint32_t>(job.data.split.test.size()));
    result.set_train_samples(static_cast<std::uint32_t>(job.data.split.training.size()));
    result.set_kernel_level(site_.host.kernel_level);
    result.set_cpu_model(site_.host.cpu_model);
    for (const std::string& rig : work.measurer->unproven()) {
        result.add_remarks(fmt::format("rig '{}' failed and was asked again; there were no "
                                       "sentinels to say whether it still was the same device",
                                       rig));
    }
    to_disk([&] {
        if (journal_) {
            journal_->close(stop_);
        }
        write_result(folder_ / "result.h5", order_.spec, result, job.scheme->network());
        write_file(folder_ / "result.json", to_json(result));
    });
}

} // namespace phyll::runs
