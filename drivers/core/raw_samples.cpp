#include "drivers/core/raw_samples.hpp"

#include <algorithm>
#include <utility>

namespace phyll {

RawSamples::RawSamples(std::vector<bool> wanted) : wanted_(std::move(wanted)) {}

RawSamples::RawSamples(const RawSink& other, std::size_t samples) {
    wanted_.reserve(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        wanted_.push_back(other.wants(i));
    }
}

bool RawSamples::wants(std::size_t sample) const {
    return sample < wanted_.size() && wanted_[sample];
}

void RawSamples::keep(std::size_t sample, std::string_view type, std::span<const std::byte> bytes) {
    if (wants(sample)) {
        kept_.push_back({.sample = sample,
                         .type = std::string(type),
                         .bytes = std::vector<std::byte>(bytes.begin(), bytes.end())});
    }
}

bool RawSamples::wants_any() const noexcept {
    return std::ranges::find(wanted_, true) != wanted_.end();
}

void RawSamples::hand_over(RawSink& other) const {
    for (const Sample& sample : kept_) {
        other.keep(sample.sample, sample.type, sample.bytes);
    }
}

} // namespace phyll
