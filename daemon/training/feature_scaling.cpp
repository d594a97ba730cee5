#include "daemon/training/feature_scaling.hpp"

#include "daemon/training/statistics.hpp"

#include <algorithm>
#include <cstddef>

namespace phyll::training {

FeatureScaling FeatureScaling::fit(ConstBlock inputs, std::span<const std::uint32_t> training) {
    FeatureScaling scaling;
    for (std::size_t f = 0; f < inputs.channels(); ++f) {
        const auto value = [&](std::size_t i) { return inputs.sample(training[i])[f]; };
        const Moments of_feature = moments(training.size(), value);
        float smallest = value(0);
        float largest = value(0);
        for (std::size_t i = 1; i < training.size(); ++i) {
            smallest = std::min(smallest, value(i));
            largest = std::max(largest, value(i));
        }
        scaling.mean.push_back(static_cast<float>(of_feature.mean));
        scaling.deviation.push_back(largest > smallest ? static_cast<float>(of_feature.deviation)
                                                       : 1.0F);
        scaling.minimum.push_back(smallest);
        scaling.maximum.push_back(largest);
    }
    return scaling;
}

OwnedBlock FeatureScaling::apply(ConstBlock inputs, std::span<const std::uint32_t> samples) const {
    OwnedBlock scores(inputs.channels(), samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const std::span<const float> raw = inputs.sample(samples[i]);
        const std::span<float> score = scores.sample(i);
        for (std::size_t f = 0; f < raw.size(); ++f) {
            score[f] = (std::clamp(raw[f], minimum[f], maximum[f]) - mean[f]) / deviation[f];
        }
    }
    return scores;
}

} // namespace phyll::training
