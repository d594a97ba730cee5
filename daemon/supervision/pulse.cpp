#include "daemon/supervision/pulse.hpp"

#include <boost/asio/post.hpp>

#include <spdlog/spdlog.h>

#include <chrono>
#include <exception>
#include <utility>

namespace phyll::supervision {

Pulse::Pulse(boost::asio::io_context& loop, Seconds interval, std::function<void()> ask_store,
             std::function<void()> beat)
    : loop_(loop),
      interval_(interval),
      ask_store_(std::move(ask_store)),
      beat_(std::move(beat)),
      timer_(loop) {}

Pulse::~Pulse() {
    asks_.join();
}

void Pulse::start() {
    beat_();
    ask();
}

void Pulse::stop() {
    stopped_ = true;
    timer_.cancel();
}

void Pulse::ask() {
    timer_.expires_after(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(interval_));
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error || stopped_) {
            return;
        }
        boost::asio::post(asks_, [this] {
            try {
                ask_store_();
            } catch (const std::exception& failure) {
                spdlog::debug("the store answers the watchdog with: {}", failure.what());
            }
            boost::asio::post(loop_, [this] { answered(); });
        });
    });
}

void Pulse::answered() {
    if (!stopped_) {
        beat_();
        ask();
    }
}

} // namespace phyll::supervision
