#pragma once

#include "daemon/runs/checkpoints/run_position.pb.h"
#include "daemon/runs/measuring/response_memory.hpp"
#include "daemon/runs/measuring/run_journal.hpp"
#include "daemon/runs/measuring/sentinel_watch.hpp"
#include "drivers/core/journal/records.hpp"
#include "drivers/core/physical_layer.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace phyll::runs {

/// What a run may do with a rig.
struct RigAccess {
    PhysicalLayer* layer = nullptr;
    std::uint64_t start_age = 0; ///< of the rig, in samples, at the run's start
    std::uint64_t era = 1;       ///< the rig's, at the run's start
    /// The rig's era as whoever looks after it says; empty: nobody does.
    std::function<std::uint64_t()> present_era{};
    /// Tells whoever looks after the rig that its present era is held to be over; there where
    /// `present_era` is.
    std::function<void(const std::string& why)> end_era{};
    /// Told by how much the sentinels moved, whenever a look at them says; empty: nobody is.
    std::function<void(double moved)> sentinels_moved{};
    /// Displaces a simulated rig; empty: it cannot be.
    std::function<void(double fraction)> perturb{};
    /// What another run measured on the same device; null: nothing is borrowed.
    const RunJournal* lender = nullptr;
    /// The lender is gone: only what was borrowed before, and is in the run's own journal.
    bool lender_is_gone = false;
    /// Of every so many measurements of training and evaluation one is kept in the run's journal as
    /// the instrument gave it; 0: none.
    std::uint64_t keep_raw = 0;
};

/// A rig as a run has come to know it: how often it was asked, what it answered, whether it still
/// is the device that it was.
struct Device {
    Device(std::string rig, RigAccess access, ResponseMemory remembered);

    std::string name;
    RigAccess access;
    ResponseMemory memory;                    ///< of the present era
    std::unique_ptr<SentinelWatch> sentinels; ///< null: none

    std::uint64_t next_number = 0;   ///< of training and evaluation
    std::uint64_t next_borrowed = 0; ///< of responses taken from the lender

    std::uint64_t era;
    std::uint64_t era_number = 0;   ///< of its first measurement
    std::uint64_t era_borrowed = 0; ///< of its first borrowed response
    std::uint64_t eras_ended = 0;
    std::deque<journal::Mark>
        ends; ///< of eras, that the journal knows and the run has yet to reach

    std::optional<double> perturbed; ///< by the run
    bool displaced = true;           ///< whether the rig was told

    bool unproven = false;    ///< it failed, and nothing said whether it still is the same
    std::uint64_t probes = 0; ///< rounds of sentinels that do not count

    [[nodiscard]] const LayerSpec& spec() const { return access.layer->spec(); }
    [[nodiscard]] std::uint64_t age() const noexcept { return access.start_age + next_number; }
    /// How many samples may be measured before something else is due: sentinels, the end of an era.
    [[nodiscard]] std::uint64_t room() const noexcept;
    /// The next measurement is the first of a new era.
    void begin_era();

    [[nodiscard]] DevicePosition position() const;
    /// Goes on from a position, with what `journal` knows of the way there. Each stimulus was
    /// measured `repeats` times; `remember`: what was measured in the era is to be remembered.
    /// Throws DATA_LOSS when the journal lacks something.
    void restore(const DevicePosition& position, const RunJournal& journal, std::uint32_t repeats,
                 bool remember);

  private:
    void remember(const RunJournal& journal, std::uint32_t repeats);
    void restore_sentinels(const DevicePosition& position, const RunJournal& journal);
    [[nodiscard]] Error missing(const char* what, std::uint64_t number) const;
};

} // namespace phyll::runs
