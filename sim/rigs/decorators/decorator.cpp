#include "sim/rigs/decorators/decorator.hpp"

namespace phyll::sim {

QueryContext part_of(const QueryContext& context, std::size_t first, std::size_t count) {
    QueryContext part = context;
    part.number += first;
    part.age += first;
    if (!part.times.empty()) {
        part.times = part.times.subspan(first, count);
    }
    return part;
}

} // namespace phyll::sim
