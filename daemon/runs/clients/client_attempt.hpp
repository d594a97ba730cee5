#pragma once

#include "daemon/runs/clients/client_desk.hpp"
#include "daemon/runs/workplace.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace phyll::runs {

/// One go at a run whose scheme is a client's own: it asks, and the run measures, numbers, keeps
/// and accounts as it does for any run. Begins with the latest checkpoint: what is asked again from
/// there on, in the same order, is answered from the journal.
///
/// The members that a client's wishes come to are called by tasks of the desk, on the thread of
/// `run`.
class ClientAttempt : private Workplace {
  public:
    /// All outlive this.
    ClientAttempt(const RunOrder& order, const RunSite& site, ClientDesk& desk,
                  std::stop_token stop, std::stop_token pause);

    /// Does what the client wishes until it closes the run. Throws as Attempt does, and what the
    /// client says of a run that failed (FAILED_PRECONDITION).
    [[nodiscard]] v1::RunResult run();

    /// Where the client begins.
    struct Start {
        std::optional<std::string> state; ///< that it gave at the checkpoint; none: at the start
        std::uint64_t journaled = 0;      ///< measurements that the journal has
    };
    [[nodiscard]] Start start() const;

    struct Answer {
        OwnedBlock responses;
        std::uint64_t measured = 0; ///< now
        std::uint64_t recorded = 0; ///< before the run was interrupted
        std::uint64_t reused = 0;
        double hardware_seconds = 0.0;
        std::uint64_t era = 0; ///< of the rig
    };
    /// Throws INVALID_ARGUMENT, OUT_OF_RANGE, NOT_FOUND for a rig that is not the run's, and as a
    /// run does.
    [[nodiscard]] Answer query(const std::string& rig, ConstBlock stimuli, bool evaluation);
    /// The number of the event that it becomes.
    std::uint64_t log(const v1::LoggedMetrics& metrics);
    void note(const std::string& text) { tell(text); }
    /// The number of the checkpoint.
    std::uint64_t checkpoint(std::string state);
    /// The run is over once the task is; `failed`: why it failed, empty: it did not.
    void close(std::string failed);

  private:
    void prepare();
    void restore();
    void do_next();
    [[nodiscard]] v1::LayerCost& cost_of(const std::string& rig);
    void note_eras();
    void add_up();
    [[nodiscard]] v1::RunResult finish();

    ClientDesk& desk_;
    std::unique_ptr<Measurer> measurer_;
    v1::RunResult result_;
    std::uint64_t step_ = 0; ///< checkpoints that were made
    std::optional<std::string> state_;
    std::optional<std::string> closed_; ///< why it failed; empty: it did not
};

} // namespace phyll::runs
