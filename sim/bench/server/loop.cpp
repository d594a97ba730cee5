#include "sim/bench/server/loop.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace phyll::bench {

void Loop::start() {
    thread_ = std::thread([this] { context_.run(); });
}

void Loop::stop() {
    context_.stop();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Loop::after(Seconds delay, std::function<void()> act) {
    if (delay.count() <= 0) {
        act();
        return;
    }
    const auto timer = std::make_shared<boost::asio::steady_timer>(context_);
    timer->expires_after(std::chrono::duration_cast<boost::asio::steady_timer::duration>(delay));
    timer->async_wait([timer, act = std::move(act)](const boost::system::error_code& error) {
        if (!error) {
            act();
        }
    });
}

} // namespace phyll::bench
