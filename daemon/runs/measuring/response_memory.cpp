#include "daemon/runs/measuring/response_memory.hpp"

#include <sodium.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace phyll::runs {

StimulusHash hash_stimulus(const LayerSpec& spec, std::span<const float> stimulus) {
    std::vector<std::uint32_t> words(stimulus.size());
    for (std::size_t k = 0; k < stimulus.size(); ++k) {
        const unsigned levels = spec.inputs[k].levels;
        if (levels > 1) {
            words[k] = static_cast<std::uint32_t>(
                std::lround(stimulus[k] * static_cast<float>(levels - 1)));
        } else {
            const float value = stimulus[k] == 0.0F ? 0.0F : stimulus[k]; // -0 is 0
            std::memcpy(&words[k], &value, sizeof value);
        }
    }
    StimulusHash hash;
    crypto_generichash(hash.bytes.data(), hash.bytes.size(),
                       reinterpret_cast<const unsigned char*>(words.data()),
                       words.size() * sizeof(std::uint32_t), nullptr, 0);
    return hash;
}

std::optional<std::size_t> ResponseMemory::find(const StimulusHash& hash) const {
    const auto found = places_.find(hash);
    return found == places_.end() ? std::nullopt : std::optional(found->second);
}

std::size_t ResponseMemory::add(const StimulusHash& hash, std::span<const float> response) {
    const std::size_t place = responses_.samples();
    responses_.append(response);
    places_.emplace(hash, place);
    return place;
}

std::size_t ResponseMemory::FirstBytes::operator()(const StimulusHash& hash) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, hash.bytes.data(), sizeof value);
    return value;
}

} // namespace phyll::runs
