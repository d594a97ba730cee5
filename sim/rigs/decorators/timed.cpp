#include "sim/rigs/decorators/timed.hpp"

#include <algorithm>

namespace phyll::sim {

Timed::Timed(std::unique_ptr<PhysicalLayer> inner, const Clock& clock, std::size_t slice)
    : Decorator(std::move(inner)), clock_(clock), slice_(slice) {}

void Timed::query(ConstBlock x, Block y, const QueryContext& context) {
    for (std::size_t first = 0; first < x.samples(); first += slice_) {
        throw_if_over(context, clock_);
        const std::size_t count = std::min(slice_, x.samples() - first);
        QueryContext part = part_of(context, first, count);
        part.times = {};
        const Clock::Monotonic start = clock_.now();
        inner().query(x.slice(first, count), y.slice(first, count), part);
        const SampleTime time{.start = start, .end = clock_.now()};
        std::ranges::fill(part_of(context, first, count).times, time);
    }
    throw_if_over(context, clock_);
}

} // namespace phyll::sim
