#include "sim/rigs/decorators/timed.hpp"

#include "drivers/core/query_part.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace phyll::sim {

Timed::Timed(std::unique_ptr<PhysicalLayer> inner, const Clock& clock, std::size_t slice)
    : Decorator(std::move(inner)), clock_(clock), slice_(slice) {}

void Timed::query(ConstBlock x, Block y, const QueryContext& context) {
    for (std::size_t first = 0; first < x.samples(); first += slice_) {
        throw_if_over(context, clock_);
        const std::size_t count = std::min(slice_, x.samples() - first);
        QueryPart part(context, first, count);
        const std::span<SampleTime> times = std::exchange(part.context().times, {});
        const Clock::Monotonic start = clock_.now();
        inner().query(x.slice(first, count), y.slice(first, count), part.context());
        const SampleTime time{.start = start, .end = clock_.now()};
        std::ranges::fill(times, time);
    }
    throw_if_over(context, clock_);
}

} // namespace phyll::sim
