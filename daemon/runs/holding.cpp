#include "daemon/runs/holding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace phyll::runs {
namespace {

constexpr Seconds first_pause{0.5};
constexpr Seconds longest_pause{60.0};
/// So close to its limit a run is at it.
constexpr Seconds nothing{0.001};
/// What a rig may take to be armed again.
constexpr Seconds recovery_time{60.0};

} // namespace

void Holding::hold(const Error& error) {
    if (!held_) {
        held_ = true;
        told_ = false;
        since_ = site_.clock.now();
        pause_ = first_pause;
    }
    if (!told_) {
        try {
            site_.change_state(v1::HELD, error.what());
            told_ = true;
        } catch (const Error&) {
            told_ = false; // it is the store that fails: it is told when it works again
        }
    }
}

void Holding::wait(const Error& error, const std::stop_token& stop) {
    const Seconds spent(site_.clock.now() - since_);
    if (spent >= site_.limit - nothing) {
        throw Error(error.code() == Code::aborted ? Code::unavailable : error.code(),
                    fmt::format("{}; that did not pass in {:.3g} h (hold_limit)", error.what(),
                                spent.count() / 3600.0));
    }
    const Seconds pause = std::min(pause_, site_.limit - spent);
    pause_ = std::min(2.0 * pause_, longest_pause);
    if (site_.clock.wait_for(pause, stop) == Clock::Wake::stopped) {
        throw Error(Code::cancelled, "the run was stopped while it was held");
    }
}

void Holding::rig_failed(const std::string& rig, PhysicalLayer& layer, const Error& error,
                         const std::stop_token& stop) {
    failed_ = true;
    static_cast<void>(layer.make_safe());
    Error latest = error;
    for (;;) {
        hold(latest);
        wait(latest, stop);
        try {
            layer.recover(Deadline::after(site_.clock, recovery_time), stop);
            return;
        } catch (const Error& failure) {
            if (!may_pass(failure.code())) {
                throw;
            }
            latest = error_of(fmt::format("rig '{}'", rig), failure);
        }
    }
}

void Holding::disk_failed(const Error& error, const std::stop_token& stop) {
    // A run that went on into the last free bytes could not say that they are gone.
    do {
        hold(error);
        wait(error, stop);
    } while (!site_.has_room());
}

void Holding::rig_worked(const std::stop_token& stop) {
    failed_ = false;
    over(stop);
}

void Holding::over(const std::stop_token& stop) {
    if (!held_ || failed_) {
        return;
    }
    const Seconds spent(site_.clock.now() - since_);
    // Only the first of these moves the run; what fails meanwhile is the store.
    persist(this, stop, [&] {
        if (told_) {
            site_.change_state(v1::RUNNING, fmt::format("goes on after {:.3g} s", spent.count()));
        }
    });
    held_ = false;
    before_ += site_.clock.now() - since_;
}

Seconds Holding::held_for() const {
    return before_ + (held_ ? Seconds(site_.clock.now() - since_) : Seconds{});
}

} // namespace phyll::runs
