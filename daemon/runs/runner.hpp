#pragma once

#include "daemon/runs/checkpoints/checkpoint.hpp"
#include "daemon/runs/checkpoints/policy.hpp"
#include "daemon/runs/measuring/measurer.hpp"
#include "daemon/runs/result_totals.hpp"
#include "daemon/runs/side_thread.hpp"
#include "daemon/training/scheme.hpp"
#include "drivers/core/clock.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace phyll::runs {

/// Hears how a run goes, on the thread of `Runner::run`.
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
    bool prefetch = false;               ///< see Runner
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
///
/// With `prefetch` the stimuli of the next step are measured while this one is learned from, where
/// the scheme allows. Then it is the scheme that computes on a thread of its own: the rigs, the
/// journal, what is done about faults, the observer and all accounts stay with the thread of `run`,
/// and see the same calls in the same order as without.
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
    struct Planned {
        training::Plan plan;
        double seconds = 0.0; ///< that the scheme took
    };
    /// A step whose stimuli are measured, or are about to be.
    struct Measured {
        Planned planned;
        v1::LayerCost cost{}; ///< of measuring; the result's from the step's turn on
        OwnedBlock responses{};
        std::vector<DevicePosition> devices{}; ///< before it
        std::exception_ptr failure{};          ///< is thrown when it is the step's turn
        bool abandoned = false;                ///< the step before it failed
    };
    /// A step that is learned from.
    struct Learning {
        Planned planned;
        OwnedBlock responses;
        training::StepReport report{};
        double seconds = 0.0;           ///< that the scheme took
        std::optional<Planned> after{}; ///< the step after the next one
        Clock::Monotonic over{};        ///< when the scheme was through with all of that
    };

    // Steps.
    /// Whether the run was stopped or paused.
    [[nodiscard]] bool ends() const { return stop_.stop_requested() || pause_.stop_requested(); }
    void take_step();
    [[nodiscard]] Planned plan(std::uint64_t step) const;
    /// Fills `measured_`, also where it throws.
    void measure(Planned planned);
    /// What was measured counts from here on.
    void take_measured();
    void perturb(const training::Plan& plan);
    /// The largest epoch that will have been reached with this plan, from 1.
    [[nodiscard]] std::uint64_t reached(const training::Plan& plan) const;
    /// The scheme's part of a step, on any thread.
    void learn(std::uint64_t step);
    /// Waits for the scheme, and takes note of what it learned: the step is over.
    void finish_step();
    void take_note(const Learning& learned);
    [[nodiscard]] std::vector<v1::EpochMetrics> take_in(const training::StepReport& report);
    /// Why a person has to look; empty: nobody has to.
    [[nodiscard]] std::string note_eras();

    // The next step beside this one.
    /// Then the next plan is at hand.
    [[nodiscard]] bool may_measure_next(std::uint64_t step);
    void measure_next(std::uint64_t step);
    void plan_after_next(std::uint64_t step);
    [[nodiscard]] Meanwhile meanwhile(const training::Plan& plan);

    // Checkpoints.
    void keep(const std::vector<v1::EpochMetrics>& epochs, bool at_once);
    /// Where the run is; the scheme's state belongs to it.
    [[nodiscard]] RunPosition position() const;
    void make_checkpoint(RunPosition position, const std::vector<v1::EpochMetrics>& epochs);
    /// Before a pause: what was learned since the last checkpoint is kept.
    void leave();

    // The account.
    [[nodiscard]] v1::LayerCost& cost_of(const training::Plan& plan);
    void note_evidence_of();
    void add_up();
    [[nodiscard]] v1::EpochMetrics metrics_of(const training::EpochReport& epoch) const;
    void report_progress(const training::Plan& plan);
    /// Costs, with those of the measuring under way.
    [[nodiscard]] v1::RunResult so_far() const;
    [[nodiscard]] double active_seconds() const;
    /// Of those, the ones in which no rig was asked.
    [[nodiscard]] double computing_seconds(const v1::RunResult& costs) const;
    [[nodiscard]] double seconds_left(const v1::RunResult& costs) const;
    /// How much of a span in which a rig was asked the scheme had nothing to do.
    [[nodiscard]] Seconds waited(Clock::Monotonic from, Clock::Monotonic to);

    training::Scheme& scheme_;
    RunnerOptions options_;
    Measurer& measurer_;
    const Clock& clock_;
    RunObserver& observer_;

    std::stop_token stop_;
    std::stop_token pause_;
    const std::uint64_t steps_; ///< of the scheme
    std::vector<training::LayerOutlook> outlook_;
    v1::RunResult result_;
    Clock::Monotonic started_;
    Seconds held_before_{};                         ///< by then
    std::optional<Clock::Monotonic> last_progress_; ///< nothing: none was reported
    v1::Progress progress_;
    std::uint64_t step_ = 0;       ///< steps that were taken
    std::uint64_t first_step_ = 0; ///< the one that is the scheme's step 0
    std::uint64_t last_epoch_ =
        0; ///< the largest one that was reached, from 1; also before a restart
    double active_before_ = 0.0;   ///< seconds before an interruption
    double overlap_seconds_ = 0.0; ///< in which a rig was asked while the scheme computed
    std::optional<CheckpointPolicy> policy_;
    /// Whole samples were shown: what follows is measured, not learned, and the journal has it.
    bool judging_ = false;
    /// At the begin of the step under way; nothing where no checkpoint may be made there.
    std::optional<RunPosition> begin_;
    std::uint64_t kept_ = 0; ///< the step of the last checkpoint; 0: there is none, or need be

    std::optional<Learning> learning_; ///< the step `step_`
    std::optional<Measured> measured_; ///< that step, or the next one while there is `learning_`
    std::optional<Planned> planned_;   ///< the step after those
    SideThread side_;                  // the last one: what is learned on it is the runner's
};

/// SHA-256 over names, shapes and values of a network's arrays, in hexadecimal.
[[nodiscard]] std::string weights_sha256(const std::vector<training::NamedArray>& network);

} // namespace phyll::runs
