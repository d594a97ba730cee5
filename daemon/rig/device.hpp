#pragma once

#include "daemon/rig/calibration/calibration_book.hpp"
#include "daemon/rig/made_rig.hpp"
#include "daemon/rig/watched_thread.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/held_block.hpp"
#include "drivers/core/physical_layer.hpp"
#include "drivers/core/raw_samples.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace phyll::rig {

/// What is known of a rig without asking it.
struct RigStatus {
    Health health;
    SafeState safe_state;
    bool driven = false; ///< was asked to measure since it was last made safe
    std::uint64_t age = 0;
};

/// How long a rig may take.
struct RigPatience {
    /// What a query may take beside four times its nominal time, and anything else altogether.
    Seconds query_timeout{60};
    /// By how much later than it has to a driver may return before it is given up.
    Seconds grace{5};
};

/// A block on its way through a device. Owns all that the device's thread touches.
struct DeviceQuery {
    HeldBlock stimuli;
    OwnedBlock responses;
    QueryContext context; ///< without room for times, and without a sink
    std::vector<SampleTime> times;
    RawSamples raw;       ///< of the samples that the caller wants so
    double seconds = 0.0; ///< how long the rig was busy with it, once it is measured
};

/// A query that a rig is through with, however that went.
struct QueryEnd {
    Code code = Code::ok;
    std::size_t samples = 0; ///< that were measured; of one that failed none
    double seconds = 0.0;    ///< how long the rig was busy with it
};

/// An instrument of a rig, as whoever is not the rig's thread may see it.
struct InstrumentView {
    std::string name;
    instruments::InstrumentStatus status;
    std::shared_ptr<transports::TrafficLog> log;
};

/// The device behind a RigThread, with what is known of it. The tasks of the rig's thread share in
/// it, so that one that comes back from a driver after years touches nothing that is gone.
///
/// Owned by shared pointers. Thread rule: what takes a Watch is for the rig's thread alone, all
/// else for any.
class Device : public std::enable_shared_from_this<Device> {
  public:
    using Maker = std::function<MadeRig()>;
    using Watch = WatchedThread::Watch;

    /// Called on the rig's thread after each query; not any more once the driver was given up.
    using Observe = std::function<void(const QueryEnd&)>;

    Device(std::string name, const Clock& clock, std::uint64_t age, RigPatience patience,
           Observe observe = {});

    /// Throws what `make` throws. `make` is kept as long as the layer, with all that it holds.
    void build(Watch& watch, Maker make);
    /// Measures a block, in queries of as many samples as the layer takes; counts it as the
    /// device's age. Throws what the layer throws, and UNAVAILABLE where it is late by the rig's
    /// own patience.
    void measure(Watch& watch, DeviceQuery& query);
    [[nodiscard]] SafeState make_safe(Watch& watch);
    /// False when it was closed before the end of the pause.
    [[nodiscard]] bool pause(Seconds duration) const;
    void recover(Watch& watch, const Deadline& deadline, const std::stop_token& stop);
    /// Throws FAILED_PRECONDITION where it is no simulation.
    void simulate(Watch& watch, const std::function<void(SimulationControls&)>& what);
    /// Displaces the simulation until `put_back`. Throws as `simulate` and SimulationControls do.
    void displace(Watch& watch, double fraction);
    /// Puts it back to where it was before it was displaced, if it was. Throws as `displace` does.
    void put_back(Watch& watch);
    using UseInstruments =
        std::function<void(InstrumentControls& controls, const instruments::Patience& patience)>;
    /// Does something with the instruments of the rig, `what` it is ("a calibration"), and makes
    /// the rig safe. Throws FAILED_PRECONDITION where it is not made of any, and what `use` throws.
    void use_instruments(Watch& watch, const char* what, const std::stop_token& stop,
                         const UseInstruments& use);
    /// Makes safe and lets go of the layer, if it was built.
    void end(Watch& watch);

    /// Ends the query under way, if any, by its stop token.
    void abort();
    /// The same, also for all queries to come.
    void close();
    /// The driver did not return: the rig is in fault for good, and not known to be safe. Returns
    /// what everybody is told from then on.
    ///
    /// A rig of instruments has them shut first, so that a driver which comes back drives nothing;
    /// a fresh one then makes them safe, on a thread of its own, which is given up like the first.
    [[nodiscard]] Error lose(const std::string& how);
    /// Waits for that thread, if there is one. Not from several threads; nothing is lost after it.
    void await_rescue();

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Once it was built. What it is evidence of changes when other instruments are found, and is
    /// in another spec then; this one lives as long as the device.
    [[nodiscard]] const LayerSpec& spec() const noexcept { return *spec_.load(); }
    /// Of a rig made of instruments: all of them, in the rig's order; as they were at the end, once
    /// it has ended.
    [[nodiscard]] std::vector<InstrumentView> instruments() const;
    /// Null: it is not made of instruments.
    [[nodiscard]] std::shared_ptr<const CalibrationBook> calibration() const;
    [[nodiscard]] RigStatus status() const;
    [[nodiscard]] double perturbation() const noexcept { return perturbation_; }

  private:
    /// The rig counts as driven, and as older by so many samples, from here on. Returns what ends
    /// the call under way.
    [[nodiscard]] std::stop_source begin_to_drive(std::uint64_t samples);
    /// Announces a call of `what` that ends by the caller's deadline or the rig's own patience;
    /// returns the earlier.
    Deadline begin(Watch& watch, const char* what, Seconds nominal, const Deadline& deadline,
                   bool can_be_hastened = true) const;
    void measure_part(Watch& watch, DeviceQuery& query, const QueryContext& context,
                      std::size_t first, std::size_t count);
    void note_health();
    /// A query is over that began then.
    void note_end(QueryEnd end, Clock::Monotonic begun);
    void note_simulation();
    void note_spec();
    void note_instruments(InstrumentControls* controls);
    /// Makes safe what the lost driver may have left driven.
    void rescue(Watch& watch);
    void note_rescue(const SafeState& state, std::vector<InstrumentView> instruments);

    const std::string name_;
    const Clock& clock_;
    const RigPatience patience_;
    const Observe observe_;
    Maker make_;
    std::unique_ptr<PhysicalLayer> layer_;
    std::unique_ptr<SimulationControls> controls_;
    InstrumentControls* instruments_ = nullptr; ///< part of `layer_`
    std::deque<LayerSpec> specs_;
    std::atomic<const LayerSpec*> spec_ = nullptr; ///< the last of `specs_`
    std::atomic<double> perturbation_ = 0.0;
    std::optional<double> undisplaced_; ///< the fraction to put it back to

    mutable std::mutex mutex_;
    RigStatus status_;
    std::stop_source query_stop_;
    std::stop_source closing_stop_; ///< of pauses
    bool closing_ = false;
    bool lost_ = false;
    std::shared_ptr<const CalibrationBook> calibration_;
    std::vector<instruments::Instrument*> parts_; ///< of `layer_`, while it is there
    std::vector<InstrumentView> ended_;           ///< what they were when it went
    std::vector<InstrumentView> rescued_;         ///< what those of the rescue were
    std::unique_ptr<WatchedThread> rescue_;
};

} // namespace phyll::rig
