#pragma once

#include "daemon/runs/checkpoints/checkpoint.hpp"
#include "daemon/runs/checkpoints/policy.hpp"
#include "daemon/runs/measuring/measurer.hpp"
#include "daemon/runs/result_totals.hpp"
#include "daemon/training/scheme.hpp"
#include "drivers/core/clock.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace phyll::runs {

/// Hears how a run goes, on the runner's thread.
class RunObserver {
  public:
    RunObserver() = default;
    RunObserver(const RunObserver&) = delete;
    RunObserver& operator=(const RunObserver&) = delete;
    virtual ~RunObserver() = default;

    virtual void epoch(const v1::EpochMetrics& metrics) = 0;
    virtual void progress(const v1::Progress& progress) = 0;
    /// What the rigs answered to a plan, `n_out x samples`, before the scheme learns from it.
    virtual void answered(const training::Plan& plan, ConstBlock responses) = 0;
    /// An era of a rig ended; with `look` a person has to look before the run goes on. Returns
    /// whether that was not known before an interruption.
    virtual bool era(const v1::EraEnded& era, bool look) = 0;
    /// All that going on from here takes, and the epochs that ended in the step before it, which
    /// `epoch` was not told of.
    virtual void checkpoint(Checkpoint checkpoint, const std::vector<v1::EpochMetrics>& epochs) = 0;
};

struct RunnerOptions {
    /// The rig of each layer of the network, by its name in the measurer; empty: the layer has no
    /// physics.
    std::vector<std::string> rigs;
    std::size_t epochs = 0;              ///< of the training: what those who watch are told
    std::uint32_t repeats = 1;           ///< of each measurement
    bool greedy = false;                 ///< layer after layer
    bool starts_over = false;            ///< when an era ended
    bool holds = false;                  ///< when an era ended: waits for a person
    std::uint64_t max_eras = UINT64_MAX; ///< more of them wait for a person
    std::vector<v1::PerturbSpec> perturb{};
    std::optional<v1::CheckpointsSpec> checkpoints{}; ///< nothing: none are made
    StatedPower power{};                              ///< what energy is told from
    /// How long the run has been held since the runner began; empty: it never is.
    std::function<Seconds()> held_for{};
};

/// What a run spec says to its runner; `rigs` as above.
[[nodiscard]] RunnerOptions runner_options(const v1::RunSpec& spec, std::vector<std::string> rigs);

/// Takes a scheme through its steps, and turns what it wants to know into queries. Results depend
/// on the scheme and the rigs alone.
class Runner {
  public:
    Runner(training::Scheme& scheme, RunnerOptions options, Measurer& measurer, const Clock& clock,
           RunObserver& observer);

    /// Goes on from a checkpoint, before `run`. Throws DATA_LOSS when it does not fit; then nothing
    /// is said of the state of this, the scheme and the measurer.
    void restore(const Checkpoint& checkpoint);

    /// Takes every step of the scheme; throws CANCELLED when stopped or paused, ABORTED when a
    /// person has to look before it goes on, and what a rig throws. A pause leaves a checkpoint of
    /// the step under way at its begin: what was measured for it is in the journal. The result
    /// lacks what the scheme does not know: versions and sizes of the data splits.
    [[nodiscard]] v1::RunResult run(std::stop_token stop, std::stop_token pause = {});

  private:
    void note_evidence_of();
    void take_step();
    void perturb(const training::Plan& plan);
    [[nodiscard]] OwnedBlock answer(const training::Plan& plan);
    [[nodiscard]] std::vector<v1::EpochMetrics> take_in(const training::StepReport& report);
    [[nodiscard]] v1::EpochMetrics metrics_of(const training::EpochReport& epoch) const;
    /// Why a person has to look; empty: nobody has to.
    [[nodiscard]] std::string note_eras();
    void keep(const std::vector<v1::EpochMetrics>& epochs, bool at_once);
    /// Where the run is; the scheme's state belongs to it.
    [[nodiscard]] RunPosition position() const;
    void make_checkpoint(RunPosition position, const std::vector<v1::EpochMetrics>& epochs);
    /// Before a pause: what was learned since the last checkpoint is kept.
    void leave();
    void report_progress(const training::Plan& plan);
    /// The scheme has computed for the layer since then.
    void add_digital(const training::Plan& plan, Clock::Monotonic since);
    void add_up();
    void total_up();
    [[nodiscard]] double active_seconds() const;
    /// Of those, the ones in which no rig was waited for.
    [[nodiscard]] double computing_seconds() const;
    [[nodiscard]] double seconds_left() const;

    training::Scheme& scheme_;
    RunnerOptions options_;
    Measurer& measurer_;
    const Clock& clock_;
    RunObserver& observer_;

    std::stop_token stop_;
    std::stop_token pause_;
    std::vector<training::LayerOutlook> outlook_;
    v1::RunResult result_;
    Clock::Monotonic started_;
    Seconds held_before_{}; ///< by then
    Clock::Monotonic last_progress_;
    v1::Progress progress_;
    std::uint64_t step_ = 0;       ///< steps that were taken
    std::uint64_t first_step_ = 0; ///< the one that is the scheme's step 0
    std::uint64_t last_epoch_ =
        0; ///< the largest one that was reached, from 1; also before a restart
    double active_before_ = 0.0; ///< seconds before an interruption
    std::optional<CheckpointPolicy> policy_;
    /// Whole samples were shown: what follows is measured, not learned, and the journal has it.
    bool judging_ = false;
    /// At the begin of the step under way; nothing where no checkpoint may be made there.
    std::optional<RunPosition> begin_;
    std::uint64_t kept_ = 0; ///< the step of the last checkpoint; 0: there is none, or need be
};

/// SHA-256 over names, shapes and values of a network's arrays, in hexadecimal.
[[nodiscard]] std::string weights_sha256(const std::vector<training::NamedArray>& network);

} // namespace phyll::runs
