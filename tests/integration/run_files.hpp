#pragma once

#include <string>

namespace phyll::test {

/// A lab whose cavity's noise is a function of a sample's identity: with another key, other bits.
inline const std::string noisy_lab = R"(
[[rigs]]
name = "cavity"
kind = "acoustic"
simulation = { seed = 3, noise = 0.01 }
[[rigs]]
name = "echo"
kind = "echo"
)";

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

/// A run of a fraction of a second: 77 samples of 7 classes, 6 epochs, 2 layers.
inline const std::string short_run = R"(
name = "short"
seed = 3
[data]
kind = "vowels"
training_samples = 42
test_samples = 35
label_entries = 8
[training]
schedule = "greedy"
epochs = 6
[[layers]]
rig = "cavity"
[[layers]]
rig = "cavity"
skip = true
)";

/// A run of one layer, which `layer` says: some 600 measurements, one at each new sample; 200 with
/// 14 samples to train and 7 to test.
inline std::string one_layer_run(const std::string& layer, int training = 42, int test = 35) {
    return "seed = 2\n[data]\nkind = \"vowels\"\ntraining_samples = " + std::to_string(training) +
           "\ntest_samples = " + std::to_string(test) + R"(
label_entries = 8
[training]
schedule = "greedy"
epochs = 4
[[layers]]
skip = true
)" + layer;
}

/// A run that learns: two layers of what `layer` says, the second with a skip; `more` comes before
/// them.
inline std::string vowels_run(const std::string& layer, const std::string& more = "") {
    return R"(
seed = 2
[data]
kind = "vowels"
training_samples = 42
test_samples = 200
label_entries = 8
[training]
schedule = "greedy"
epochs = 12
)" + more + "\n[[layers]]\n" +
           layer + "\n[[layers]]\n" + layer + "\nskip = true\n";
}

} // namespace phyll::test
