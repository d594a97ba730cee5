#pragma once

#include <cstdint>

namespace phyll::test {

/// Whether this is `./check --nightly`, which sets PHYLL_NIGHTLY: every place is tried, not some.
[[nodiscard]] bool nightly();

/// Of a sweep that tries every `step`th place by night: how far apart those are that are tried now.
[[nodiscard]] std::uint64_t sweep_step(std::uint64_t step);

} // namespace phyll::test
