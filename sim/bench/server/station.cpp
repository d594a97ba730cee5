#include "sim/bench/server/station.hpp"

#include "sim/bench/scpi/scpi_error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace phyll::bench {
namespace {

/// Another byte in the middle, where a block has its data; never one that ends a message.
void corrupt_middle(std::string& reply) {
    if (!reply.empty()) {
        char& byte = reply[reply.size() / 2];
        constexpr int flipped = 0x20;
        const char other = static_cast<char>(byte ^ flipped);
        byte = other == '\n' ? '\v' : other;
    }
}

} // namespace

void Station::handle(std::string message, Done done, const void* who) {
    queue_.push_back({std::move(message), std::move(done), who});
    if (!acting_) {
        next();
    }
}

void Station::next() {
    if (queue_.empty()) {
        return;
    }
    acting_ = true;
    Pending pending = std::move(queue_.front());
    queue_.pop_front();
    ++messages_;
    const std::uint64_t times = times_cut_;
    const Plan plan = plan_of(misbehaviour_.next(Occasion::message));
    if (times != times_cut_) {
        return; // It went offline before it could act, and those who asked are gone.
    }
    activity_.begin();
    loop_.after(plan.time, [this, times, plan, pending = std::move(pending)] {
        if (times == times_cut_) {
            act(pending, plan);
        } else {
            activity_.end();
        }
    });
}

Station::Plan Station::plan_of(const std::vector<Misbehave>& faults) {
    Plan plan{.time = transfer_time_};
    for (const Misbehave& fault : faults) {
        switch (fault.fault) {
        case Fault::delay:
            plan.time += fault.seconds;
            break;
        case Fault::drop:
            plan.drop = true;
            break;
        case Fault::corrupt:
            plan.corrupt = true;
            break;
        case Fault::stick:
            stuck_ = true;
            break;
        case Fault::disconnect:
            plan.disconnect = true;
            break;
        case Fault::power_cycle:
            power_cycle(fault.seconds);
            break;
        case Fault::unplug:
            go_offline(fault.seconds);
            break;
        case Fault::stall:
            plan.stall = true;
            break;
        case Fault::short_read:
            plan.in_pieces = true;
            break;
        case Fault::identity:
            plan.identity = fault.text;
            break;
        case Fault::error:
            report(fault.text);
            break;
        case Fault::panel:
            touch_panel(fault.text);
            break;
        default:
            break; // The instrument itself, or the way to it, sees to it.
        }
    }
    return plan;
}

void Station::act(Pending pending, const Plan& plan) {
    within_.emplace(Within{std::move(pending.done), plan, pending.who});
    if (stuck_ || plan.disconnect) {
        finish({.close = !stuck_});
        return;
    }
    instrument_.act(std::move(pending.message),
                    [this, times = times_cut_](std::optional<std::string> reply) {
                        if (times == times_cut_) {
                            finish(outcome(std::move(reply), within_->plan));
                        }
                    });
}

void Station::give_up(const void* who) {
    if (within_ && within_->who == who) {
        ++times_cut_;
        instrument_.forget();
        finish({});
    }
}

Station::Outcome Station::outcome(std::optional<std::string> reply, const Plan& plan) const {
    if (!reply || plan.drop) {
        return {.stall = plan.stall};
    }
    if (!plan.identity.empty()) {
        instrument_.disguise(*reply, plan.identity);
    }
    if (plan.corrupt) {
        corrupt_middle(*reply);
    }
    reply->append(instrument_.reply_end());
    return {.stall = plan.stall, .in_pieces = plan.in_pieces, .reply = *std::move(reply)};
}

void Station::finish(Outcome outcome) {
    const Done done = std::move(within_->done);
    within_.reset();
    acting_ = false;
    activity_.end();
    done(std::move(outcome));
    if (!acting_) {
        next();
    }
}

/// Nobody is there to be told when it cannot be.
void Station::touch_panel(const std::string& command) {
    try {
        instrument_.at_panel(command);
    } catch (const Error& error) {
        instrument_.report(scpi_number::system, error.what());
    }
}

void Station::misbehave(const Misbehave& order) {
    constexpr std::array at_once{Fault::power_cycle, Fault::unplug, Fault::error, Fault::panel};
    const bool immediate = std::ranges::find(at_once, order.fault) != at_once.end();
    if (immediate && !order.at) {
        Misbehaviour::check(order);
        if (order.fault == Fault::panel) {
            instrument_.at_panel(order.text);
            return;
        }
        static_cast<void>(plan_of({order}));
    } else {
        misbehaviour_.add(order);
    }
}

void Station::release() {
    misbehaviour_.release();
    stuck_ = false;
}

void Station::clear() {
    if (within_) {
        forget_messages();
    } else {
        queue_.clear();
    }
}

/// Nothing that came before is answered any more.
void Station::forget_messages() {
    ++times_cut_;
    queue_.clear();
    acting_ = false;
    if (std::exchange(within_, std::nullopt)) {
        activity_.end();
    }
    instrument_.forget();
}

void Station::power_cycle(Seconds off) {
    stuck_ = false;
    instrument_.power_on();
    go_offline(off);
}

void Station::go_offline(Seconds off) {
    forget_messages();
    if (go_offline_) {
        go_offline_(off);
    }
}

void Station::report(int number) {
    instrument_.report(number, std::string(words_of(number)));
}

/// "NUMBER,WORDS", or words alone.
void Station::report(const std::string& text) {
    int number = scpi_number::system;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && rest < end && *rest == ',') {
        instrument_.report(number, std::string(rest + 1, end));
    } else {
        instrument_.report(scpi_number::system, text.empty() ? "System error" : text);
    }
}

} // namespace phyll::bench
