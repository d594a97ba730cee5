#include "daemon/training/data/exclusive_or.hpp"

#include "drivers/core/random.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace phyll::training {
namespace {

constexpr double low = 0.25;
constexpr double high = 0.75;
constexpr double rest = 0.5;
constexpr double jitter = 0.05;

std::array<std::size_t, 2> draw_pair(std::size_t inputs, std::uint64_t seed) {
    const KeyedRandom random(seed, "xor pair");
    const std::size_t first = random.below(inputs, 0);
    return {first, (first + 1 + random.below(inputs - 1, 1)) % inputs};
}

} // namespace

SplitData exclusive_or(const ExclusiveOr& task, std::uint64_t seed, std::size_t training_samples,
                       std::size_t test_samples) {
    const auto [a, b] = task.pair ? *task.pair : draw_pair(task.inputs, seed);
    const KeyedRandom random(seed, "xor");
    const std::size_t samples = training_samples + test_samples;
    OwnedBlock inputs(task.inputs, samples);
    DataSet data;
    data.name = "xor";
    data.class_names = {"same", "different"};
    data.label_entries = data.class_names.size();
    for (std::size_t f = 0; f < task.inputs; ++f) {
        data.feature_names.push_back("input " + std::to_string(f));
    }
    for (std::size_t i = 0; i < samples; ++i) {
        const bool first = i % 2 != 0;
        const bool second = i / 2 % 2 != 0;
        const auto value = [&](bool is_high, std::uint64_t draw) {
            return static_cast<float>((is_high ? high : low) +
                                      jitter * (2.0 * random.uniform(i, draw) - 1.0));
        };
        std::ranges::fill(inputs.sample(i), static_cast<float>(rest));
        inputs.sample(i)[a] = value(first, 0);
        inputs.sample(i)[b] = value(second, 1);
        data.labels.push_back(first != second ? 1U : 0U);
    }
    data.inputs = Samples(std::move(inputs));
    return {.data = std::move(data), .split = split_in_order(training_samples, test_samples)};
}

} // namespace phyll::training
