#pragma once

#include "daemon/rig/device.hpp"
#include "daemon/rig/watched_thread.hpp"
#include "drivers/core/physical_layer.hpp"

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace phyll::rig {

/// Refuses a block as a whole, before the first of its batches is measured, and before room is made
/// for the responses: a block of many samples without values asks for more than there is. Throws
/// INVALID_ARGUMENT, OUT_OF_RANGE.
void check_block(const LayerSpec& spec, ConstBlock stimuli);

/// A block on its way through a rig.
struct Measurement {
    HeldBlock stimuli;    ///< taken while it is measured, and gone where that failed
    OwnedBlock responses; ///< made by the rig's thread
    QueryContext context; ///< its age is set by the rig's thread; nothing is kept raw
    bool wants_times = false;
    std::vector<SampleTime> times; ///< as many as samples, where they are wanted
    double seconds = 0.0;          ///< how long the rig was busy with it
    std::exception_ptr failure;
};

/// A rig and the one thread that may touch it.
///
/// Everything asked of the rig is queued and done in order on its thread. A driver that has not
/// returned a grace after it had to (see RigPatience), or after it was told to stop, is given up,
/// with its thread: who waits for it gets UNAVAILABLE, as does everybody from then on, the rig is
/// in fault and not known to be safe, until the daemon starts anew. What is called on the rig's
/// thread is then called on one that takes its place.
///
/// Thread rule: all members may be called from any thread, but for `close` and the destructor.
class RigThread {
  public:
    using Maker = Device::Maker;

    /// Builds the rig on its own thread; throws what `make` throws. `age` is how many samples it
    /// measured before. The clock outlives the rig, also a driver that was given up, as does what
    /// the rig stands on, unless `make` holds it: `make` is kept as long as the rig.
    RigThread(std::string name, Maker make, const Clock& clock, std::uint64_t age,
              RigPatience patience = {}, Device::Observe observe = {});
    RigThread(const RigThread&) = delete;
    RigThread& operator=(const RigThread&) = delete;
    ~RigThread();

    /// Aborts the query under way by its stop token, refuses those that wait (CANCELLED), makes the
    /// rig safe and lets it go. False when its driver was given up: its thread is still there, so
    /// that the process must end without destroying what it may use. Nothing is asked after it.
    bool close();

    [[nodiscard]] const std::string& name() const noexcept { return device_->name(); }
    [[nodiscard]] const LayerSpec& spec() const noexcept { return device_->spec(); }
    [[nodiscard]] RigStatus status() const { return device_->status(); }
    /// Whether its driver was given up.
    [[nodiscard]] bool given_up() const { return thread_.lost(); }

    /// Measures at the rig's own age, then calls `done` on the rig's thread.
    void measure(std::shared_ptr<Measurement> measurement, std::function<void()> done);

    /// Measures at the context's age and waits for the answer; throws what the rig throws. What
    /// the context's sink wants it is given on the caller's thread, once the whole block is
    /// measured; nothing where this throws.
    void query(ConstBlock x, Block y, const QueryContext& context);

    /// Makes the rig safe after what was asked before, then calls `done` on the rig's thread. With
    /// a pause before, which ends when the rig is closed.
    void make_safe(std::function<void(const SafeState&)> done) {
        make_safe(Seconds(0), std::move(done));
    }
    void make_safe(Seconds pause, std::function<void(const SafeState&)> done);

    /// What is done of a rig whose lease is over: makes it safe as above, and puts a simulation
    /// back that was displaced under the lease.
    void hand_back(Seconds pause, std::function<void(const SafeState&)> done);

    /// Reconnects and re-arms, and waits for it; throws what the rig throws.
    void recover(const Deadline& deadline, std::stop_token stop);

    /// Does `what` to the simulation after what was asked before, then calls `done` on the rig's
    /// thread with what it threw, null if nothing: FAILED_PRECONDITION for a rig that is no
    /// simulation.
    void simulate(std::function<void(SimulationControls&)> what,
                  std::function<void(std::exception_ptr)> done);

    /// Does something with the instruments of a rig after what was asked before, then makes it safe
    /// and calls `done` on the rig's thread with what was thrown, null if nothing. See Device.
    void use_instruments(const char* what, std::stop_token stop, Device::UseInstruments use,
                         std::function<void(std::exception_ptr)> done);
    /// See Device.
    [[nodiscard]] std::vector<InstrumentView> instruments() const { return device_->instruments(); }
    [[nodiscard]] std::shared_ptr<const CalibrationBook> calibration() const {
        return device_->calibration();
    }

    /// Displaces a simulated rig until `put_back` or `hand_back`, and waits for it; throws what the
    /// rig throws. See SimulationControls. Once `over`, the end of the lease under which that is
    /// asked, is requested, nothing is done.
    void displace(double fraction, const std::stop_token& over);
    /// Puts it back to where it was before, as `displace`.
    void put_back(const std::stop_token& over);
    /// The fraction in force: that of the configuration at first, 0 of a rig that is no simulation.
    [[nodiscard]] double perturbation() const noexcept { return device_->perturbation(); }

    /// Ends the query under way, if any, by its stop token.
    void abort();

    /// The era that the rig is in, counted from 1: a span in which it is held to be the same
    /// device. Whoever ends one in the store sets it here, for runs under way to see.
    [[nodiscard]] std::uint64_t era() const noexcept { return era_; }
    /// An earlier one than the present changes nothing: words of two ends may cross.
    void set_era(std::uint64_t era) noexcept {
        std::uint64_t present = era_;
        while (present < era && !era_.compare_exchange_weak(present, era)) {
        }
    }

    /// By how much its sentinels had moved when a run last looked, in standard deviations of the
    /// response (sentinels::Verdict); nothing: no run has, since the daemon started.
    [[nodiscard]] std::optional<double> sentinels_moved() const noexcept {
        const double moved = sentinels_moved_;
        return moved < 0 ? std::nullopt : std::optional(moved);
    }
    void note_sentinels(double moved) noexcept { sentinels_moved_ = moved; }

  private:
    void make_safe(Seconds pause, bool put_back, std::function<void(const SafeState&)> done);

    std::shared_ptr<Device> device_;
    WatchedThread thread_;
    std::atomic<std::uint64_t> era_ = 1;
    std::atomic<double> sentinels_moved_ = -1.0; ///< negative: not known
};

/// The rig as whoever holds a lease on it sees it: a PhysicalLayer whose queries are done on the
/// rig's thread, as long as the lease lasts.
class LeasedRig final : public PhysicalLayer {
  public:
    /// `over` is that of the lease's Grant.
    explicit LeasedRig(RigThread& rig, std::stop_token over) : rig_(rig), over_(std::move(over)) {}

    [[nodiscard]] const LayerSpec& spec() const override { return rig_.spec(); }
    /// What the rig throws, with the rig's name before it; ABORTED once the lease is over.
    void query(ConstBlock x, Block y, const QueryContext& context) override;
    /// Once the lease is over, how the rig is: others make it safe.
    [[nodiscard]] SafeState make_safe() noexcept override;
    [[nodiscard]] Health health() const override { return rig_.status().health; }
    /// As `query`.
    void recover(const Deadline& deadline, std::stop_token stop) override;

    /// Displaces a simulation until `put_back`, or until the lease is over: whoever hands the rig
    /// on puts it back. Throws what the rig throws. Once the lease is over nothing is done, nor
    /// waited for.
    void displace(double fraction);
    void put_back();

  private:
    template <class Work>
    void while_leased(std::stop_token stop, Work&& work) const;

    RigThread& rig_;
    std::stop_token over_;
};

} // namespace phyll::rig
