#pragma once

#include "daemon/metrics/families.hpp"

#include <prometheus/collectable.h>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace phyll::metrics {

/// Collects what is measured when somebody asks: from meters, and from the daemon's loop, whose
/// thread alone may look at most of what there is.
class Collector final : public prometheus::Collectable {
  public:
    /// On the loop; what it throws counts as no answer.
    using Look = std::function<Snapshot()>;
    using Post = std::function<void(std::function<void()>)>;

    /// How long the loop is waited for. Prometheus itself waits 10 s unless it is told otherwise.
    static constexpr Seconds patience{2};

    /// The meters may be added to until somebody asks. The clock outlives this; `post` and what
    /// `look` looks at are there until `close`, or, for what was posted, as long as the loop runs.
    Collector(Build build, std::shared_ptr<const Meters> meters, Look look, Post post,
              const Clock& clock);

    /// Any thread but the loop's, for which it waits: no longer than `patience`, and not at all
    /// once this is closed. Where the loop does not answer, `phyll_up` is 0: see `families`.
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;
    /// The same in the text format of Prometheus. Thread rule: the loop's thread.
    [[nodiscard]] std::string text() const;

    /// The loop is not asked any more. Who waits for it is answered now. Any thread.
    void close() { closing_.request_stop(); }

  private:
    [[nodiscard]] std::optional<Snapshot> ask_loop() const;
    [[nodiscard]] std::vector<prometheus::MetricFamily> collect(const Snapshot* snapshot) const;

    const Build build_;
    const std::shared_ptr<const Meters> meters_;
    const Look look_;
    const Post post_;
    const Clock& clock_;
    const Clock::Monotonic started_;
    std::stop_source closing_;
};

} // namespace phyll::metrics
