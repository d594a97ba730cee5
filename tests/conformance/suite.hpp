#pragma once

#include "drivers/core/physical_layer.hpp"
#include "drivers/core/workers.hpp"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace phyll::conformance {

/// A clock of which nobody ever waits: a wait moves it. It counts the looks at it, and something
/// can be made to happen at one of them, which is how the suite acts in the middle of a query
/// without a second thread. For one thread.
class ScriptedClock final : public Clock {
  public:
    [[nodiscard]] Monotonic now() const override;
    [[nodiscard]] Wall wall() const override;
    [[nodiscard]] Wake wait_until(Monotonic when, std::stop_token stop) const override;

    /// Calls `action` at the look that comes after `looks` others, once.
    void at_look(int looks, std::function<void()> action);
    void advance(Seconds by);

  private:
    mutable std::chrono::nanoseconds elapsed_{std::chrono::hours(1)};
    mutable int looks_left_ = 0;
    mutable std::function<void()> action_;
};

/// A layer under test.
struct Subject {
    /// The device, always the same; without a guard.
    std::function<std::unique_ptr<PhysicalLayer>(Workers&, const Clock&)> make;
    /// Two answers to one sample (same number, same age) agree when no output differs by more; 0:
    /// to the bit. Different samples must differ by more.
    double tolerance = 0.0;
    /// As many stimuli as asked for that the layer knows (n_in x count), the first two of which
    /// have different answers. For a closed domain, and only there: every other layer is asked
    /// whatever comes to mind.
    // NOLINTNEXTLINE(readability-redundant-member-init): or g++ wants it in every initialiser
    std::function<OwnedBlock(std::size_t)> known{};
};

/// The contract of physical_layer.hpp, as seen through a guard. Call it from a TEST_CASE: it is
/// made of sections.
void check_contract(const Subject& subject);

/// What `check_contract` also does: a layer that fails at query 0, 1, 2, ... in any way that layers
/// fail is made safe, says so, can be recovered, and answers as if nothing had happened.
void check_failures(const Subject& subject);

} // namespace phyll::conformance
