#pragma once

#include "drivers/core/clock.hpp"
#include "sim/bench/server/activity.hpp"
#include "sim/bench/server/instrument.hpp"
#include "sim/bench/server/loop.hpp"
#include "sim/bench/server/misbehaviour.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

namespace phyll::bench {

/// An instrument at its place on the bench: takes messages from whatever connects to it, one at a
/// time, lets each take its time, misbehaves when told to, and counts. Knows no sockets. Thread
/// rule: the bench's thread.
class Station {
  public:
    /// What becomes of a message.
    struct Outcome {
        bool close = false;  ///< the connection is to be closed
        std::string reply{}; ///< empty: none
    };
    using Done = std::function<void(Outcome)>;
    /// Closes every connection, and refuses new ones for so long.
    using GoOffline = std::function<void(Seconds)>;

    /// Every message takes `transfer_time` before the instrument acts.
    Station(Loop& loop, Instrument& instrument, Activity& activity, Misbehaviour& misbehaviour,
            Seconds transfer_time)
        : loop_(loop),
          instrument_(instrument),
          activity_(activity),
          misbehaviour_(misbehaviour),
          transfer_time_(transfer_time) {}

    void on_power_cycle(GoOffline go_offline) { go_offline_ = std::move(go_offline); }

    /// `done` is called once, now or later, unless the power goes meanwhile.
    void handle(std::string message, Done done);

    /// Throws INVALID_ARGUMENT when the order makes no sense.
    void misbehave(const Misbehave& order);
    void release();

    [[nodiscard]] Instrument& instrument() noexcept { return instrument_; }
    [[nodiscard]] const Instrument& instrument() const noexcept { return instrument_; }
    [[nodiscard]] Activity& activity() noexcept { return activity_; }
    /// Messages that came, whatever became of them.
    [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }

  private:
    struct Pending {
        std::string message;
        Done done;
    };
    /// What the faults of a message come to.
    struct Plan {
        Seconds time{0};
        bool drop = false;
        bool corrupt = false;
        bool disconnect = false;
        std::string identity{};
    };

    void next();
    [[nodiscard]] Plan plan_of(const std::vector<Misbehave>& faults);
    [[nodiscard]] Outcome act(const Pending& pending, const Plan& plan);
    void power_cycle(Seconds off);
    void report(const std::string& text);

    Loop& loop_;
    Instrument& instrument_;
    Activity& activity_;
    Misbehaviour& misbehaviour_;
    Seconds transfer_time_;
    GoOffline go_offline_;
    std::deque<Pending> queue_;
    bool acting_ = false;
    bool stuck_ = false;
    std::uint64_t power_cycles_ = 0;
    std::uint64_t messages_ = 0;
};

} // namespace phyll::bench
