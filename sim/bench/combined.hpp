#pragma once

#include "sim/bench/registry.hpp"

#include <string>
#include <vector>

namespace phyll::bench {

/// All that several benches have, side by side, with the options of all of them.
[[nodiscard]] BenchKind combined_bench(std::string name, std::vector<BenchKind> kinds);

} // namespace phyll::bench
