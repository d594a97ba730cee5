#include "tests/support/nightly.hpp"

#include <cstdlib>

namespace phyll::test {

bool nightly() {
    return std::getenv("PHYLL_NIGHTLY") != nullptr; // NOLINT(concurrency-mt-unsafe): nobody sets it
}

std::uint64_t sweep_step(std::uint64_t step) {
    return nightly() ? step : 5 * step;
}

} // namespace phyll::test
