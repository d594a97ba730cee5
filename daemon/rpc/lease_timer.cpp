#include "daemon/rpc/lease_timer.hpp"

#include <utility>

namespace phyll::rpc {
namespace {

/// By how much the loop may be late before that may be why a heartbeat was not seen.
constexpr std::chrono::milliseconds lateness{50};

} // namespace

LeaseTimer::LeaseTimer(boost::asio::io_context& loop, const Clock& clock,
                       std::function<void()> expire)
    : clock_(clock), expire_(std::move(expire)), timer_(loop) {}

void LeaseTimer::wake_at(std::optional<Clock::Monotonic> when) {
    if (when == when_) {
        return;
    }
    when_ = when;
    was_late_ = false;
    if (when_) {
        wait_until(*when_);
    } else {
        timer_.cancel();
    }
}

void LeaseTimer::wait_until(Clock::Monotonic when) {
    timer_.expires_at(when);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error && when_) {
            woken();
        }
    });
}

void LeaseTimer::woken() {
    const Clock::Monotonic now = clock_.now();
    if (now - *when_ > lateness && !std::exchange(was_late_, true)) {
        wait_until(now + lateness);
        return;
    }
    when_.reset();
    was_late_ = false;
    expire_();
}

} // namespace phyll::rpc
