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
        bool close = false;     ///< the connection is to be closed
        bool stall = false;     ///< on USB the endpoint is to stall, instead of the reply
        bool in_pieces = false; ///< on USB the reply is to come in short transfers
        std::string reply{};    ///< empty: none
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

    /// What happens to the way when the power goes or the plug is pulled.
    void on_offline(GoOffline go_offline) { go_offline_ = std::move(go_offline); }

    /// `done` is called once, now or later, unless it goes offline meanwhile. `who` tells clients
    /// apart.
    void handle(std::string message, Done done, const void* who = nullptr);
    /// That client is gone: if the instrument waits for something on its behalf, it does so no
    /// longer.
    void give_up(const void* who);
    /// No client is connected any more.
    void alone() { instrument_.alone(); }
    /// Messages that it has not begun with are forgotten, and the one that waits for something.
    void clear();

    /// Throws INVALID_ARGUMENT when the order makes no sense.
    void misbehave(const Misbehave& order);
    void release();
    /// Puts an error into the instrument's queue, in the standard's words.
    void report(int number);

    [[nodiscard]] Instrument& instrument() noexcept { return instrument_; }
    [[nodiscard]] const Instrument& instrument() const noexcept { return instrument_; }
    [[nodiscard]] Activity& activity() noexcept { return activity_; }
    /// Messages that came, whatever became of them.
    [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }

  private:
    struct Pending {
        std::string message;
        Done done;
        const void* who;
    };
    /// What the faults of a message come to.
    struct Plan {
        Seconds time{0};
        bool drop = false;
        bool corrupt = false;
        bool disconnect = false;
        bool stall = false;
        bool in_pieces = false;
        std::string identity{};
    };
    /// A message that the instrument has.
    struct Within {
        Done done;
        Plan plan;
        const void* who;
    };

    void next();
    [[nodiscard]] Plan plan_of(const std::vector<Misbehave>& faults);
    void act(Pending pending, const Plan& plan);
    [[nodiscard]] Outcome outcome(std::optional<std::string> reply, const Plan& plan) const;
    void finish(Outcome outcome);
    void power_cycle(Seconds off);
    void forget_messages();
    void go_offline(Seconds off);
    void touch_panel(const std::string& command);
    void report(const std::string& text);

    Loop& loop_;
    Instrument& instrument_;
    Activity& activity_;
    Misbehaviour& misbehaviour_;
    Seconds transfer_time_;
    GoOffline go_offline_;
    std::deque<Pending> queue_;
    bool acting_ = false;
    std::optional<Within> within_; ///< the instrument acts, or waits for what a message waits for
    bool stuck_ = false;
    std::uint64_t times_cut_ = 0; ///< changes when what came before is to have no answer
    std::uint64_t messages_ = 0;
};

} // namespace phyll::bench
