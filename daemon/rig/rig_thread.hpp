#pragma once

#include "daemon/rig/made_rig.hpp"
#include "drivers/core/physical_layer.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace phyll::rig {

/// What is known of a rig without asking it.
struct RigStatus {
    Health health;
    SafeState safe_state;
    bool driven = false; ///< was asked to measure since it was last made safe
    std::uint64_t age = 0;
};

/// A block on its way through a rig.
struct Measurement {
    OwnedBlock stimuli;
    OwnedBlock responses; ///< made by the rig's thread
    QueryContext context; ///< its age is set by the rig's thread
    double seconds = 0.0; ///< how long the rig was busy with it
    std::exception_ptr failure;
};

/// A rig and the one thread that may touch it.
///
/// Everything asked of the rig is queued and done in order on its thread. Thread rule: all members
/// may be called from any thread, but for the destructor. Destruction aborts the query under way by
/// its stop token, refuses those that wait (CANCELLED), makes the rig safe and joins.
class RigThread {
  public:
    using Maker = std::function<MadeRig()>;

    /// Builds the rig on its own thread; throws what `make` throws. `age` is how many samples it
    /// measured before. The clock outlives the rig.
    RigThread(std::string name, Maker make, const Clock& clock, std::uint64_t age);
    RigThread(const RigThread&) = delete;
    RigThread& operator=(const RigThread&) = delete;
    ~RigThread();

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const LayerSpec& spec() const noexcept { return *spec_; }
    [[nodiscard]] RigStatus status() const;

    /// Measures at the rig's own age, then calls `done` on the rig's thread.
    void measure(std::shared_ptr<Measurement> measurement, std::function<void()> done);

    /// Measures at the context's age and waits for the answer; throws what the rig throws.
    void query(ConstBlock x, Block y, const QueryContext& context);

    /// Makes the rig safe after what was asked before, then calls `done` on the rig's thread.
    void make_safe(std::function<void(const SafeState&)> done);

    /// Reconnects and re-arms, and waits for it; throws what the rig throws.
    void recover(const Deadline& deadline, std::stop_token stop);

    /// Does `what` to the simulation after what was asked before, then calls `done` on the rig's
    /// thread with what it threw, null if nothing: FAILED_PRECONDITION for a rig that is no
    /// simulation.
    void simulate(std::function<void(SimulationControls&)> what,
                  std::function<void(std::exception_ptr)> done);

    /// Displaces a simulated rig and waits for it; returns the amount. See SimulationControls.
    double perturb(double fraction);
    /// The fraction in force: that of the configuration at first, 0 of a rig that is no simulation.
    [[nodiscard]] double perturbation() const noexcept { return perturbation_; }

    /// Ends the query under way, if any, by its stop token.
    void abort();

  private:
    using Task = std::function<void()>;

    void build(const Maker& make);
    void serve();
    void post(Task task);
    void post_and_wait(Task task);
    void drive(ConstBlock x, Block y, QueryContext context);
    void note_health();
    void note_simulation();

    const std::string name_;
    const Clock& clock_;
    std::unique_ptr<PhysicalLayer> rig_; ///< touched by the rig's thread alone
    std::unique_ptr<SimulationControls> controls_;
    std::atomic<double> perturbation_ = 0.0;
    const LayerSpec* spec_ = nullptr;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Task> tasks_;
    bool closing_ = false;
    std::stop_source query_stop_;
    RigStatus status_;
    std::thread thread_;
};

/// The rig as whoever holds a lease on it sees it: a PhysicalLayer whose queries are done on the
/// rig's thread.
class LeasedRig final : public PhysicalLayer {
  public:
    explicit LeasedRig(RigThread& rig) : rig_(rig) {}

    [[nodiscard]] const LayerSpec& spec() const override { return rig_.spec(); }
    /// What the rig throws, with the rig's name before it.
    void query(ConstBlock x, Block y, const QueryContext& context) override;
    [[nodiscard]] SafeState make_safe() noexcept override;
    [[nodiscard]] Health health() const override { return rig_.status().health; }
    void recover(const Deadline& deadline, std::stop_token stop) override {
        rig_.recover(deadline, std::move(stop));
    }

  private:
    RigThread& rig_;
};

} // namespace phyll::rig
