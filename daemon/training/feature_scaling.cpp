#include "daemon/training/feature_scaling.hpp"

#include "daemon/training/statistics.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace phyll::training {

FeatureScaling FeatureScaling::fit(const Samples& inputs, std::span<const std::uint32_t> training) {
    const SampleRows rows(
        inputs.features(), training.size(),
        [&](std::size_t i, std::span<float> into) { inputs.read(training[i], into); });
    FeatureScaling scaling;
    scaling.minimum.resize(rows.channels);
    rows.read(0, scaling.minimum);
    scaling.maximum = scaling.minimum;
    std::vector<float> sample(rows.channels);
    for (std::size_t i = 1; i < rows.samples; ++i) {
        rows.read(i, sample);
        for (std::size_t f = 0; f < rows.channels; ++f) {
            scaling.minimum[f] = std::min(scaling.minimum[f], sample[f]);
            scaling.maximum[f] = std::max(scaling.maximum[f], sample[f]);
        }
    }
    const std::vector<Moments> of_features = moments_of(rows);
    for (std::size_t f = 0; f < rows.channels; ++f) {
        const bool changes = scaling.maximum[f] > scaling.minimum[f];
        scaling.mean.push_back(static_cast<float>(of_features[f].mean));
        scaling.deviation.push_back(changes ? static_cast<float>(of_features[f].deviation) : 1.0F);
    }
    return scaling;
}

FeatureScaling FeatureScaling::none(std::size_t features) {
    constexpr float largest = std::numeric_limits<float>::max();
    return {.mean = std::vector<float>(features, 0.0F),
            .deviation = std::vector<float>(features, 1.0F),
            .minimum = std::vector<float>(features, -largest),
            .maximum = std::vector<float>(features, largest)};
}

void FeatureScaling::apply(std::span<float> sample) const {
    for (std::size_t f = 0; f < sample.size(); ++f) {
        sample[f] = (std::clamp(sample[f], minimum[f], maximum[f]) - mean[f]) / deviation[f];
    }
}

Scores::Scores(Samples inputs, FeatureScaling scaling, std::vector<std::uint32_t> split)
    : inputs_(std::move(inputs)), scaling_(std::move(scaling)), split_(std::move(split)) {}

void Scores::read(std::size_t sample, std::span<float> into) const {
    inputs_.read(split_.at(sample), into);
    scaling_.apply(into);
}

SampleRows Scores::rows() const {
    return {features(), samples(),
            [this](std::size_t sample, std::span<float> into) { read(sample, into); }};
}

} // namespace phyll::training
