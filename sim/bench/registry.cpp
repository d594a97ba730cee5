#include "sim/bench/registry.hpp"

#include "sim/bench/acoustic/acoustic_bench.hpp"
#include "sim/bench/combined.hpp"
#include "sim/bench/electronic/electronic_bench.hpp"
#include "sim/bench/microwave/microwave_bench.hpp"
#include "sim/bench/optical/optical_bench.hpp"

namespace phyll::bench {

std::vector<BenchKind> bench_kinds() {
    std::vector<BenchKind> kinds{electronic_bench(), microwave_bench(), optical_bench(),
                                 acoustic_bench()};
    kinds.push_back(combined_bench("all", kinds));
    return kinds;
}

} // namespace phyll::bench
