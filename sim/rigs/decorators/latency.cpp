#include "sim/rigs/decorators/latency.hpp"

#include <algorithm>

namespace phyll::sim {

Latency::Latency(std::unique_ptr<PhysicalLayer> inner, const Clock& clock)
    : Decorator(std::move(inner)), clock_(clock) {}

void Latency::query(ConstBlock x, Block y, const QueryContext& context) {
    const Clock::Monotonic start = clock_.now();
    const auto begin_of = [&](std::size_t sample) {
        return start + std::chrono::duration_cast<Clock::Monotonic::duration>(
                           Seconds(spec().seconds_per_sample * static_cast<double>(sample)));
    };
    QueryContext untimed = context;
    untimed.times = {};
    inner().query(x, y, untimed);
    const Clock::Monotonic end = std::min(begin_of(x.samples()), context.deadline.at());
    static_cast<void>(clock_.wait_until(end, context.stop));
    throw_if_over(context, clock_);
    for (std::size_t i = 0; i < context.times.size(); ++i) {
        context.times[i] = {.start = begin_of(i), .end = begin_of(i + 1)};
    }
}

} // namespace phyll::sim
