#pragma once

#include "clients/cli/report/facts.hpp"

namespace phyll::test {

/// Run 12, with something of everything: 3 of 4 test samples are right, layers of two epochs, an
/// era that ended, a hold, two controls.
[[nodiscard]] cli::RunFacts reported_run();

} // namespace phyll::test
