#include "daemon/runs/sentinels/era_start.hpp"

#include <algorithm>
#include <cmath>

namespace phyll::runs::sentinels {
namespace {

/// Means that vary by noise alone have a variance over the sentinels, times the number of repeats,
/// like that of the repeats; the ratio is an F. At 0 dB it is about 1 + repeats.
constexpr double least_ratio = 4.0;
constexpr double resolution = 1e-6; ///< relative; float32 has 6e-8

struct Spread {
    double deviation = 0; ///< of the means, over the sentinels
    bool varies = false;
};

Spread spread_of(std::span<const OwnedBlock> rounds, std::size_t output) {
    const auto repeats = static_cast<double>(rounds.size());
    const std::size_t sentinels = rounds.front().samples();
    std::vector<double> means(sentinels);
    double overall = 0;
    double within = 0;
    for (std::size_t s = 0; s < sentinels; ++s) {
        for (const OwnedBlock& round : rounds) {
            means[s] += static_cast<double>(round.sample(s)[output]) / repeats;
        }
        for (const OwnedBlock& round : rounds) {
            const double off = static_cast<double>(round.sample(s)[output]) - means[s];
            within += off * off;
        }
        overall += means[s] / static_cast<double>(sentinels);
    }
    double between = 0;
    double largest = 0;
    for (const double mean : means) {
        between += (mean - overall) * (mean - overall);
        largest = std::max(largest, std::abs(mean));
    }
    between /= static_cast<double>(sentinels - 1);
    within /= static_cast<double>(sentinels) * (repeats - 1);
    const double deviation = std::sqrt(between);
    return {.deviation = deviation,
            .varies = deviation > resolution * largest && repeats * between > least_ratio * within};
}

} // namespace

EraStart EraStart::of(std::span<const OwnedBlock> rounds) {
    EraStart start;
    for (std::size_t output = 0; output < rounds.front().channels(); ++output) {
        const Spread spread = spread_of(rounds, output);
        if (spread.varies) {
            start.outputs.push_back(output);
            start.scale.push_back(spread.deviation);
        }
    }
    return start;
}

void EraStart::scaled(ConstBlock round, std::span<double> into) const {
    for (std::size_t s = 0; s < round.samples(); ++s) {
        const std::span<const float> sample = round.sample(s);
        const std::span<double> values = into.subspan(s * outputs.size(), outputs.size());
        for (std::size_t k = 0; k < outputs.size(); ++k) {
            values[k] = static_cast<double>(sample[outputs[k]]) / scale[k];
        }
    }
}

} // namespace phyll::runs::sentinels
