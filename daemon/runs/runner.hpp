#pragma once

#include "daemon/runs/measurer.hpp"
#include "daemon/training/scheme.hpp"
#include "drivers/core/clock.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstdint>
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
};

/// Takes a scheme through its steps, and turns what it wants to know into queries. Results depend
/// on the scheme and the rigs alone.
class Runner {
  public:
    /// `rigs` names one rig of `measurer` per layer of the network; empty: the layer has no
    /// physics. `epochs` of the training are what those who watch are told.
    Runner(training::Scheme& scheme, std::vector<std::string> rigs, Measurer& measurer,
           std::size_t epochs, const Clock& clock, RunObserver& observer);

    /// Takes every step of the scheme; throws CANCELLED when stopped, and what a rig throws.
    /// The result lacks what the scheme does not know: versions and sizes of the data splits.
    [[nodiscard]] v1::RunResult run(std::stop_token stop);

  private:
    void note_recording(const std::string& recording);
    [[nodiscard]] OwnedBlock answer(const training::Plan& plan);
    void take_in(const training::StepReport& report);
    void report_epoch(const training::EpochReport& epoch);
    void report_progress(const training::Plan& plan);
    void add_up();
    [[nodiscard]] double seconds_left() const;

    training::Scheme& scheme_;
    std::vector<std::string> rigs_;
    Measurer& measurer_;
    std::size_t epochs_;
    const Clock& clock_;
    RunObserver& observer_;

    std::stop_token stop_;
    std::vector<training::LayerOutlook> outlook_;
    v1::RunResult result_;
    Clock::Monotonic started_;
    Clock::Monotonic last_progress_;
    v1::Progress progress_;
    std::uint64_t step_ = 0;
};

/// SHA-256 over names, shapes and values of a network's arrays, in hexadecimal.
[[nodiscard]] std::string weights_sha256(const std::vector<training::NamedArray>& network);

} // namespace phyll::runs
