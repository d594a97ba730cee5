#include "daemon/rig/make_safe.hpp"

#include "drivers/core/descriptor.hpp"
#include "drivers/core/error.hpp"
#include "drivers/instruments/instrument_lock.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace phyll::rig {
namespace {

using instruments::InstrumentSettings;
using instruments::LockHolder;

/// How long a killed process may take to let go of its locks, and how often that is looked at.
constexpr Seconds longest_death{10};
constexpr Seconds look_interval{0.02};
/// How long a holder that is to be left alone may take to end by itself.
constexpr Seconds dying{1};

/// An instrument as somebody drives it or not, by its address.
class Lock {
  public:
    Lock(const std::filesystem::path& folder, const InstrumentSettings& settings,
         const Clock& clock)
        : folder_(folder), address_(settings.address), clock_(clock) {}

    [[nodiscard]] std::optional<LockHolder> holder() const {
        return instruments::holder_of(folder_, address_);
    }

    /// The holder, if there is one that does not end within `patience`: one that was killed takes a
    /// moment to be gone.
    [[nodiscard]] std::optional<LockHolder> holder_after(Seconds patience) const {
        const Deadline end = Deadline::after(clock_, patience);
        std::optional<LockHolder> held_by = holder();
        while (held_by && !end.passed(clock_)) {
            static_cast<void>(clock_.wait_for(look_interval, {}));
            held_by = holder();
        }
        return held_by;
    }

    /// Kills the holder, if there is one, and waits until it is gone. Throws what stands against
    /// it.
    void take_from_holder() const {
        const std::optional<LockHolder> held_by = holder();
        if (!held_by) {
            return;
        }
        if (!instruments::holds(held_by->process, folder_, address_)) {
            await_free(); // it may be about to end, killed for another instrument of it
            return;
        }
        // By a handle, so that no other process is hit that got the same number meanwhile.
        const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, held_by->process, 0)));
        const std::optional<LockHolder> still = holder();
        if (still && process.get() >= 0 && still->process == held_by->process) {
            kill(process, *still);
        }
        await_free();
    }

  private:
    static void kill(const Descriptor& process, const LockHolder& holder) {
        if (::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) != 0 &&
            errno != ESRCH) {
            throw Error(Code::permission_denied,
                        fmt::format("process {} ({}) cannot be killed: {}", holder.process,
                                    holder.command, std::generic_category().message(errno)));
        }
    }

    void await_free() const {
        if (const std::optional<LockHolder> held_by = holder_after(longest_death)) {
            const bool seen = instruments::holds(held_by->process, folder_, address_);
            throw Error(Code::unavailable,
                        fmt::format("process {} ({}) {}", held_by->process, held_by->command,
                                    seen ? "still holds it"
                                         : "is named by its lock and does not hold it; nobody was "
                                           "killed"));
        }
    }

    const std::filesystem::path& folder_;
    const std::string& address_;
    const Clock& clock_;
};

std::string how_it_stands(const instruments::InstrumentStatus& status) {
    return status.output.empty() ? "safe, it drives nothing"
                                 : fmt::format("safe, its output is {}", status.output);
}

} // namespace

MadeSafe make_instrument_safe(instruments::Instrument& instrument,
                              const InstrumentSettings& settings,
                              const std::filesystem::path& lock_dir, Holder holder,
                              const Clock& clock) {
    const Lock lock(lock_dir, settings, clock);
    const auto told = [&](bool safe, const std::string& how) {
        return MadeSafe{safe, fmt::format("{} at {}: {}", settings.name, settings.address, how)};
    };
    try {
        if (holder == Holder::kill) {
            lock.take_from_holder();
        } else if (const std::optional<LockHolder> held_by = lock.holder_after(dying)) {
            return told(false, fmt::format("not touched: process {} ({}) drives it; stop that one, "
                                           "or --kill-holder kills it",
                                           held_by->process, held_by->command));
        }
        instrument.connect({.deadline = Deadline::after(clock, 2 * settings.timeout), .stop = {}});
    } catch (const Error& error) {
        return told(false, fmt::format("not known to be safe: {}", error.what()));
    }
    static_cast<void>(instrument.make_safe());
    static_cast<void>(clock.wait_for(second_look, {}));
    const SafeState state = instrument.make_safe();
    const instruments::InstrumentStatus status = instrument.status();
    return state.state == SafeState::State::safe
               ? told(true,
                      fmt::format("{}: {}", status.identity.in_words(), how_it_stands(status)))
               : told(false, fmt::format("{}: not known to be safe: {}", status.identity.in_words(),
                                         state.reason));
}

} // namespace phyll::rig
