#pragma once

#include "daemon/runs/response_memory.hpp"
#include "daemon/training/scheme.hpp"
#include "drivers/core/physical_layer.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

namespace phyll::runs {

/// A rig as a run sees it. The layer outlives the runner.
struct RunnerRig {
    std::string name;
    PhysicalLayer* layer = nullptr; ///< null: the network's layer has no physics
    std::uint64_t start_age = 0;    ///< the rig's age at the run's start, in samples
};

struct RunnerOptions {
    std::uint64_t seed = 0;
    bool reuse = false;          ///< a stimulus that was measured before is not measured again
    std::size_t epochs = 0;      ///< of the training, for those who watch
    std::size_t query_batch = 0; ///< largest block asked for at once; 0: what the rig takes
};

/// Hears how a run goes, on the runner's thread.
class RunObserver {
  public:
    RunObserver() = default;
    RunObserver(const RunObserver&) = delete;
    RunObserver& operator=(const RunObserver&) = delete;
    virtual ~RunObserver() = default;

    virtual void epoch(const v1::EpochMetrics& metrics) = 0;
    virtual void progress(const v1::Progress& progress) = 0;
};

/// Turns what a scheme wants to know into queries, and accounts for them.
///
/// The runner alone numbers measurements: per rig, in program order, training and evaluation in one
/// count, only what is really measured. Results depend on the scheme and the rigs, not on how the
/// queries are cut into blocks.
class Runner {
  public:
    /// `rigs` has one entry per layer of the network; entries of the same name share numbers and
    /// memory.
    Runner(training::Scheme& scheme, std::vector<RunnerRig> rigs, RunnerOptions options,
           const Clock& clock, RunObserver& observer);

    /// Takes every step of the scheme; throws CANCELLED when stopped, and what a rig throws.
    /// The result lacks what the scheme does not know: versions and sizes of the data splits.
    [[nodiscard]] v1::RunResult run(std::stop_token stop);

  private:
    /// What layers on the same rig have in common.
    struct Device {
        std::uint64_t next_number = 0;
        ResponseMemory memory;
    };

    OwnedBlock answer(const training::Plan& plan);
    OwnedBlock answer_with_memory(const training::Plan& plan);
    void measure(const training::Plan& plan, ConstBlock stimuli, Block responses);
    void report_epoch(const training::EpochReport& epoch);
    void report_progress(const training::Plan& plan);
    [[nodiscard]] double seconds_left() const;
    void total(v1::RunResult& result) const;

    training::Scheme& scheme_;
    std::vector<RunnerRig> rigs_;
    RunnerOptions options_;
    const Clock& clock_;
    RunObserver& observer_;

    std::stop_token stop_;
    std::vector<training::LayerOutlook> outlook_;
    std::map<std::string, Device> devices_;
    v1::RunResult result_;
    Clock::Monotonic started_;
    Clock::Monotonic last_progress_;
    v1::Progress progress_;
    std::uint64_t step_ = 0;
};

/// SHA-256 over names, shapes and values of a network's arrays, in hexadecimal.
[[nodiscard]] std::string weights_sha256(const std::vector<training::NamedArray>& network);

} // namespace phyll::runs
