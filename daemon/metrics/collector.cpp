#include "daemon/metrics/collector.hpp"

#include "daemon/rig/either_stop.hpp"

#include <spdlog/spdlog.h>

#include <exception>
#include <mutex>
#include <utility>

namespace phyll::metrics {
namespace {

/// Where the loop's answer is put, by whoever of both comes first.
struct Answer {
    std::mutex mutex;
    std::optional<Snapshot> snapshot; ///< nothing: there is none (yet)
    bool given_up = false;            ///< nobody waits for it any more
    std::stop_source there;           ///< requested once the loop has answered
};

std::optional<Snapshot> try_to(const Collector::Look& look) {
    try {
        return look();
    } catch (const std::exception& error) {
        spdlog::warn("what phylld is doing could not be collected for metrics: {}", error.what());
        return std::nullopt;
    }
}

} // namespace

Collector::Collector(Build build, std::shared_ptr<const Meters> meters, Look look, Post post,
                     const Clock& clock)
    : build_(std::move(build)),
      meters_(std::move(meters)),
      look_(std::move(look)),
      post_(std::move(post)),
      clock_(clock),
      started_(clock.now()) {}

std::vector<prometheus::MetricFamily> Collector::Collect() const {
    const std::optional<Snapshot> snapshot = ask_loop();
    return collect(snapshot ? &*snapshot : nullptr);
}

std::string Collector::text() const {
    const std::optional<Snapshot> snapshot = try_to(look_);
    return as_text(collect(snapshot ? &*snapshot : nullptr));
}

std::optional<Snapshot> Collector::ask_loop() const {
    if (closing_.stop_requested()) {
        return std::nullopt;
    }
    const auto answer = std::make_shared<Answer>();
    post_([answer, look = look_] {
        {
            const std::lock_guard lock(answer->mutex);
            if (answer->given_up) {
                return; // a loop that was stuck does not look for all who asked meanwhile
            }
        }
        std::optional<Snapshot> snapshot = try_to(look);
        const std::lock_guard lock(answer->mutex);
        answer->snapshot = std::move(snapshot);
        answer->there.request_stop();
    });
    const rig::EitherStop enough(answer->there.get_token(), closing_.get_token());
    static_cast<void>(clock_.wait_for(patience, enough.token()));
    const std::lock_guard lock(answer->mutex);
    answer->given_up = true;
    return std::move(answer->snapshot);
}

std::vector<prometheus::MetricFamily> Collector::collect(const Snapshot* snapshot) const {
    return families({.build = build_,
                     .uptime = clock_.now() - started_,
                     .process = process_figures(),
                     .meters = *meters_,
                     .snapshot = snapshot});
}

} // namespace phyll::metrics
