#include "daemon/training/data/vowels.hpp"

#include "drivers/core/random.hpp"

#include <array>
#include <cmath>
#include <utility>

namespace phyll::training {
namespace {

constexpr std::size_t formants = 3;
constexpr std::size_t times = 4;
constexpr std::size_t features = formants * times;

struct Vowel {
    const char* name;
    std::array<double, features> mean;      ///< Hz: F1, F2, F3 steady, then at 20, 50, 80 %
    std::array<double, features> deviation; ///< Hz
};

constexpr std::array<Vowel, 7> vowels{{
    {.name = "ae",
     .mean = {662, 2362, 2979, 664, 2359, 2966, 745, 2159, 2904, 797, 1943, 2896},
     .deviation = {47, 127, 190, 45, 121, 183, 55, 147, 192, 67, 105, 188}},
    {.name = "ah",
     .mean = {946, 1526, 2826, 955, 1522, 2832, 945, 1561, 2833, 871, 1744, 2860},
     .deviation = {78, 118, 156, 74, 130, 175, 71, 116, 167, 70, 120, 161}},
    {.name = "aw",
     .mean = {782, 1166, 2816, 781, 1157, 2825, 800, 1236, 2823, 803, 1556, 2826},
     .deviation = {50, 105, 180, 57, 110, 196, 52, 115, 174, 60, 143, 161}},
    {.name = "er",
     .mean = {527, 1593, 1929, 538, 1588, 1957, 513, 1601, 1938, 497, 1701, 2011},
     .deviation = {48, 112, 136, 50, 106, 153, 46, 110, 138, 45, 118, 132}},
    {.name = "ih",
     .mean = {486, 2318, 3029, 484, 2329, 3023, 523, 2230, 3010, 533, 2137, 3040},
     .deviation = {33, 115, 186, 32, 121, 175, 41, 113, 193, 38, 128, 197}},
    {.name = "iy",
     .mean = {436, 2785, 3381, 441, 2781, 3393, 434, 2790, 3375, 432, 2782, 3314},
     .deviation = {41, 121, 242, 42, 141, 247, 41, 116, 256, 47, 125, 255}},
    {.name = "uw",
     .mean = {462, 1034, 2722, 467, 1072, 2723, 460, 1037, 2733, 453, 1085, 2743},
     .deviation = {39, 102, 153, 40, 110, 151, 42, 92, 151, 45, 101, 158}},
}};

constexpr std::array<const char*, features> feature_names{
    "F1_steady", "F2_steady", "F3_steady", "F1_20pct", "F2_20pct", "F3_20pct",
    "F1_50pct",  "F2_50pct",  "F3_50pct",  "F1_80pct", "F2_80pct", "F3_80pct"};

/// Three normal variables with the correlations of formants, from three independent ones
/// (Cholesky).
std::array<double, formants> correlated(const std::array<double, formants>& normal) {
    constexpr double f12 = 0.2;
    constexpr double f13 = 0.15;
    constexpr double f23 = 0.4;
    const double l22 = std::sqrt(1 - f12 * f12);
    const double l32 = (f23 - f12 * f13) / l22;
    const double l33 = std::sqrt(1 - f13 * f13 - l32 * l32);
    return {normal[0], f12 * normal[0] + l22 * normal[1],
            f13 * normal[0] + l32 * normal[1] + l33 * normal[2]};
}

void draw_sample(const KeyedRandom& random, std::uint64_t index, std::span<float> sample) {
    const Vowel& vowel = vowels[index % vowels.size()];
    const std::array<double, formants> speaker =
        correlated({random.normal(index, 0), random.normal(index, 1), random.normal(index, 2)});
    for (std::size_t f = 0; f < features; ++f) {
        const double moment = random.normal(index, formants + f);
        const double deviation = std::sqrt(0.8) * speaker[f % formants] + std::sqrt(0.2) * moment;
        sample[f] = static_cast<float>(std::round(vowel.mean[f] + vowel.deviation[f] * deviation));
    }
}

} // namespace

SplitData synthetic_vowels(std::uint64_t seed, std::size_t training_samples,
                           std::size_t test_samples) {
    const KeyedRandom random(seed, "vowels");
    const std::size_t samples = training_samples + test_samples;
    DataSet data;
    data.name = "vowels";
    data.feature_names.assign(feature_names.begin(), feature_names.end());
    for (const Vowel& vowel : vowels) {
        data.class_names.emplace_back(vowel.name);
    }
    data.label_entries = vowels.size();
    OwnedBlock inputs(features, samples);
    data.labels.resize(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        draw_sample(random, i, inputs.sample(i));
        data.labels[i] = static_cast<std::uint32_t>(i % vowels.size());
    }
    data.inputs = Samples(std::move(inputs));
    return {.data = std::move(data), .split = split_in_order(training_samples, test_samples)};
}

} // namespace phyll::training
