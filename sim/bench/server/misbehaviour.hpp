#pragma once

#include "drivers/core/clock.hpp"
#include "sim/bench/server/way.hpp"

#include <cstdint>
#include <limits>
#include <mutex>
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
    finished,       ///< a sweep begins with the flag of the one before, which says that it is over
    overload,       ///< a sweep overloads the receiver
    power_high,     ///< a power that is set becomes so much more
    panel,          ///< somebody changes a setting at the front panel
    lose,           ///< a byte does not get through a serial line
    garble,         ///< a byte comes out of a serial line as another
    unplug,         ///< the plug is pulled and put in again: what was set stays
    stall,          ///< an endpoint stalls where the reply would come
    short_read,     ///< the reply comes in transfers much shorter than asked for
    late,           ///< a display shows the picture before instead of the one it was sent
    cut,            ///< a display's upper half is still that of the picture before
};

/// "missed-trigger"
[[nodiscard]] std::string_view name_of(Fault fault);
/// Throws INVALID_ARGUMENT naming the kinds that there are.
[[nodiscard]] Fault fault_of(std::string_view name);
/// Throws INVALID_ARGUMENT about what cannot happen on such a way.
void require_possible(Fault fault, Way way);

/// What the orders to misbehave wait for and count.
enum class Occasion {
    message,   ///< that comes to the instrument
    trigger,   ///< or sweep
    picture,   ///< that a display is sent
    setting,   ///< of a power
    arrival,   ///< of bytes on a serial line
    departure, ///< of a reply on a serial line
};

/// One order to misbehave. `stale`, `missed_trigger`, `finished` and `overload` count triggers,
/// `power_high` settings, `late` and `cut` pictures, `lose` and `garble` what comes or goes at once
/// on a serial line, everything else messages.
struct Misbehave {
    Fault fault = Fault::delay;
    /// From the N-th one from now on, 0 being the next. Without it `power_cycle`, `unplug`,
    /// `error` and `panel` happen at once.
    std::optional<std::uint64_t> at{};
    /// For so many; without it 1, of `identity`, `power_high` and `late` until it is released.
    /// `stick` lasts until then.
    std::optional<std::uint64_t> count{};
    Seconds seconds{0}; ///< of `delay`; of `power_cycle` and `unplug` how long none can connect
    /// Of `identity`; of `error` the words, or "NUMBER,WORDS"; of `panel` a command; of `lose` and
    /// `garble` what it happens to: "request" (also when empty) or "reply".
    std::string text{};
    double value = 0.0; ///< dB, of `power_high`
};

[[nodiscard]] bool contains(const std::vector<Misbehave>& faults, Fault fault);

/// What one instrument is to do wrong, and when. Thread rule: any thread.
class Misbehaviour {
  public:
    /// Throws INVALID_ARGUMENT when the order makes no sense.
    static void check(const Misbehave& order);
    void add(const Misbehave& order);
    void release();

    /// The faults of the next one, in the order in which they were ordered. Counts it.
    [[nodiscard]] std::vector<Misbehave> next(Occasion occasion);

  private:
    struct Order {
        Misbehave what;
        std::uint64_t before;
        std::uint64_t left;
    };

    std::mutex mutex_;
    std::vector<Order> orders_;
};

} // namespace phyll::bench
