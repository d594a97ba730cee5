#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/core/error.hpp"
#include "drivers/transports/gate.hpp"
#include "drivers/transports/patience.hpp"
#include "drivers/transports/traffic_log.hpp"

#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace phyll::transports {

/// The loop on which a port's operations are done, by whoever waits for them.
///
/// Only ports include this header: it keeps Asio out of every other source. Thread rule: one caller
/// at a time, but for `wake`.
class WaitingLoop {
  public:
    using Result = boost::system::error_code;

    /// `resource` is for messages; `gate` is what ends a wait for good. Everything outlives the
    /// loop.
    WaitingLoop(const std::string& resource, const Gate& gate, const Clock& clock, TrafficLog& log)
        : resource_(resource), gate_(gate), clock_(clock), log_(log) {}

    [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }

    /// Begins an operation by `start`, which is given its handler, and waits for it; returns how it
    /// ended. A deadline, a request to stop and `shut` end it by `cancel`, which may be called
    /// several times, and are thrown; `what` is for messages ("connect").
    template <class Start, class Cancel>
    [[nodiscard]] Result await(std::string_view what, const Patience& patience, Start start,
                               Cancel cancel);

    /// Throws where an operation would not even begin.
    void check_may_begin(std::string_view what, const Patience& patience) const {
        check_open();
        if (patience.stop.stop_requested()) {
            throw Error(Code::cancelled,
                        fmt::format("{}: stopped before it could {}", resource_, what));
        }
    }

    /// Makes whoever waits look at once what there is to end for.
    void wake() noexcept {
        try {
            boost::asio::post(context_, [] {});
        } catch (...) { // NOLINT(bugprone-empty-catch) no memory: it looks before long anyway
        }
    }

  private:
    /// How long a wait goes on without a look at the clock, which need not run with real time.
    static constexpr std::chrono::milliseconds between_looks{20};

    void check_open() const {
        if (gate_.is_shut()) {
            throw Error(Code::unavailable, fmt::format("{} was shut", resource_));
        }
    }

    const std::string& resource_;
    const Gate& gate_;
    const Clock& clock_;
    TrafficLog& log_;
    boost::asio::io_context context_{1};
};

template <class Start, class Cancel>
WaitingLoop::Result WaitingLoop::await(std::string_view what, const Patience& patience, Start start,
                                       Cancel cancel) {
    check_may_begin(what, patience);
    std::optional<Result> result;
    start([&result](const Result& error) { result = error; });
    bool late = false;
    {
        const std::stop_callback stop(patience.stop, [this] { wake(); });
        while (!result) {
            late = late || patience.deadline.passed(clock_);
            if (late || gate_.is_shut() || patience.stop.stop_requested()) {
                cancel();
            }
            context_.restart();
            context_.run_one_for(between_looks);
        }
    }
    if (!*result) {
        return {};
    }
    check_open();
    if (patience.stop.stop_requested() && *result == boost::asio::error::operation_aborted) {
        log_.remark("stopped");
        throw Error(Code::cancelled, fmt::format("{}: stopped", resource_));
    }
    if (late) {
        log_.remark("timed out");
        throw Error(Code::deadline_exceeded, fmt::format("{} did not {} in time", resource_, what));
    }
    return *result;
}

} // namespace phyll::transports
