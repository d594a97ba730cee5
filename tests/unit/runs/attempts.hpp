#pragma once

#include "daemon/rig/rig_thread.hpp"
#include "daemon/runs/attempt.hpp"
#include "sim/rigs/decorators/faults.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/scripted_layer.hpp"
#include "tests/support/swift_clock.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace phyll::test {

/// What the rig gives raw: its responses, before faults spoil them.
inline constexpr const char* raw_type = "float32 responses";

/// A run of a small network on one rig "r", whose responses are nonlinear, noisy and drift, in a
/// state directory of its own. The rig's faults come when they are told to; waiting takes no time.
class Attempts {
  public:
    /// `more` goes into the run file's [training].
    explicit Attempts(const std::string& more = "", const std::string& tables = "");

    /// A run is submitted; its number.
    std::uint64_t submit();
    /// One attempt at a run, on a rig with these faults; what ended it where it did not succeed.
    std::optional<Error> attempt(std::uint64_t run, std::vector<sim::FaultPlan> faults = {});
    /// The daemon goes away under a run and comes back.
    void interrupt(std::uint64_t run);

    struct Learned {
        std::string weights;
        std::vector<std::string> epochs; ///< step, layer, epoch, loss, accuracy

        bool operator==(const Learned&) const = default;
    };
    /// Of the run that succeeded last.
    [[nodiscard]] Learned learned(std::uint64_t run) const;
    [[nodiscard]] std::vector<std::string> notices(std::uint64_t run) const;

    v1::RunSpec spec;
    v1::Conditions conditions;
    TempDir dir;
    SwiftClock clock;
    runs::StateDir state{dir.path() / "state"};
    runs::Store store{state.database()};
    std::uint64_t journal_limit = UINT64_MAX;
    runs::StatedPower power;
    Seconds busy{0.0}; ///< what the rig says that each query took
    std::uint64_t replay_of = 0;
    v1::RunResult result;                     ///< of the last attempt that succeeded
    std::uint64_t queries = 0;                ///< that reached the rig in the last attempt
    std::function<void(ConstBlock)> on_query; ///< called before each
    /// Called where it is asked whether somebody changed a setting.
    std::function<void()> on_look;
    float moved = 0.0F; ///< by how much the rig's responses are
    bool safe = true;   ///< after the last attempt
    std::stop_source stop;
    std::stop_source pause;
    std::stop_source over; ///< of the lease
    std::function<void(const v1::Progress&)> on_progress;

  private:
    [[nodiscard]] std::unique_ptr<PhysicalLayer> make_rig(std::vector<sim::FaultPlan> faults);
    [[nodiscard]] runs::RunSite site();
};

} // namespace phyll::test
