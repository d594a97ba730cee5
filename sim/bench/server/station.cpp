#include "sim/bench/server/station.hpp"

#include "sim/bench/scpi/scpi_error.hpp"

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

void replace_identity(std::string& reply, const std::string& real, const std::string& other) {
    if (const std::size_t at = reply.find(real); at != std::string::npos) {
        reply.replace(at, real.size(), other);
    }
}

} // namespace

void Station::handle(std::string message, Done done) {
    queue_.push_back({std::move(message), std::move(done)});
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
    const std::uint64_t powered = power_cycles_;
    const Plan plan = plan_of(misbehaviour_.next_message());
    if (powered != power_cycles_) {
        return; // It was switched off before it could act, and those who asked are gone.
    }
    activity_.begin();
    loop_.after(plan.time, [this, powered, plan, pending = std::move(pending)] {
        if (powered != power_cycles_) {
            activity_.end();
            return;
        }
        Outcome outcome = act(pending, plan);
        activity_.end();
        acting_ = false;
        pending.done(std::move(outcome));
        if (!acting_) {
            next();
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
        case Fault::identity:
            plan.identity = fault.text;
            break;
        case Fault::error:
            report(fault.text);
            break;
        case Fault::stale:
        case Fault::missed_trigger:
            break; // These come with triggers.
        }
    }
    return plan;
}

Station::Outcome Station::act(const Pending& pending, const Plan& plan) {
    if (stuck_) {
        return {};
    }
    if (plan.disconnect) {
        return {.close = true};
    }
    std::optional<std::string> reply = instrument_.act(pending.message);
    if (!reply || plan.drop) {
        return {};
    }
    if (!plan.identity.empty()) {
        replace_identity(*reply, instrument_.identity(), plan.identity);
    }
    if (plan.corrupt) {
        corrupt_middle(*reply);
    }
    return {.reply = std::move(*reply) + '\n'};
}

void Station::misbehave(const Misbehave& order) {
    const bool immediate = order.fault == Fault::power_cycle || order.fault == Fault::error;
    if (immediate && !order.at) {
        Misbehaviour::check(order);
        static_cast<void>(plan_of({order}));
    } else {
        misbehaviour_.add(order);
    }
}

void Station::release() {
    misbehaviour_.release();
    stuck_ = false;
}

void Station::power_cycle(Seconds off) {
    ++power_cycles_;
    queue_.clear();
    acting_ = false;
    stuck_ = false;
    instrument_.power_on();
    if (go_offline_) {
        go_offline_(off);
    }
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
