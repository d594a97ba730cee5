#pragma once

#include "drivers/core/clock.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::bench {

/// What an instrument can be told to do wrong.
enum class Fault {
    delay,          ///< acts and answers later
    drop,           ///< acts, but its reply never comes
    corrupt,        ///< a byte in the middle of the reply is another
    stick,          ///< does nothing and answers nothing any more
    disconnect,     ///< closes the connection instead of acting
    power_cycle,    ///< is switched off and on: nothing that was set is left
    identity,       ///< answers *IDN? with another text
    error,          ///< has an entry in its error queue
    stale,          ///< a record is said to be new, and is the one before
    missed_trigger, ///< a trigger is not seen
};

/// "missed-trigger"
[[nodiscard]] std::string_view name_of(Fault fault);
/// Throws INVALID_ARGUMENT naming the kinds that there are.
[[nodiscard]] Fault fault_of(std::string_view name);

/// One order to misbehave. `stale` and `missed_trigger` count triggers, everything else messages.
struct Misbehave {
    Fault fault = Fault::delay;
    /// From the N-th one from now on, 0 being the next. Without it `power_cycle` and `error`
    /// happen at once.
    std::optional<std::uint64_t> at{};
    /// For so many; without it 1, of `identity` until it is released. `stick` lasts until then.
    std::optional<std::uint64_t> count{};
    Seconds seconds{0}; ///< of `delay`; of `power_cycle` how long it refuses connections
    std::string text{}; ///< of `identity`; of `error` the words, or "NUMBER,WORDS"
};

/// What one instrument is to do wrong, and when. Thread rule: the bench's thread.
class Misbehaviour {
  public:
    /// Throws INVALID_ARGUMENT when the order makes no sense.
    static void check(const Misbehave& order);
    void add(const Misbehave& order);
    void release() { orders_.clear(); }

    /// The faults of the next message, in the order in which they were ordered. Counts it.
    [[nodiscard]] std::vector<Misbehave> next_message() { return next(false); }
    /// The faults of the next trigger.
    [[nodiscard]] std::vector<Misbehave> next_trigger() { return next(true); }

  private:
    struct Order {
        Misbehave what;
        std::uint64_t before;
        std::uint64_t left;
    };

    [[nodiscard]] std::vector<Misbehave> next(bool trigger);

    std::vector<Order> orders_;
};

} // namespace phyll::bench
