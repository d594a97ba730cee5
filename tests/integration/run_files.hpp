#pragma once

#include <string>

namespace phyll::test {

/// A run that measures at every step and is long enough that only somebody ends it.
inline const std::string endless_run = R"(
[data]
kind = "vowels"
training_samples = 42
test_samples = 35
[training]
schedule = "simultaneous"
epochs = 1000000
[[layers]]
rig = "cavity"
[[layers]]
rig = "cavity"
)";

} // namespace phyll::test
