#include "sim/bench/registry.hpp"

#include "sim/bench/electronic/electronic_bench.hpp"

namespace phyll::bench {

std::vector<BenchKind> bench_kinds() {
    return {electronic_bench()};
}

} // namespace phyll::bench
