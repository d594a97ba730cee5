#include "drivers/core/multitone.hpp"

#include <cmath>
#include <numbers>

namespace phyll {
namespace {

constexpr std::size_t driven_bins = least_tones_for_intermodulation;
constexpr std::size_t intermodulation_bins = 8;

} // namespace

double Multitone::phase(std::size_t k) const noexcept {
    return -std::numbers::pi * static_cast<double>(k * (k + 1)) / static_cast<double>(tones);
}

std::vector<MultitoneBin> multitone_bins(const Multitone& multitone, MultitoneBins bins,
                                         std::size_t microphones) {
    std::vector<MultitoneBin> all;
    const auto add = [&](double frequency, bool driven) {
        all.push_back({frequency, driven, all.size() % microphones});
    };
    if (bins == MultitoneBins::drive) {
        for (std::size_t k = 0; k < multitone.tones; ++k) {
            add(multitone.frequency(k), true);
        }
        return all;
    }
    // Twelve tones spread over the comb from its first to its last.
    for (std::size_t i = 0; i < driven_bins; ++i) {
        const double place = static_cast<double>(i * (multitone.tones - 1)) / (driven_bins - 1);
        add(multitone.frequency(static_cast<std::size_t>(std::lround(place))), true);
    }
    // Sums of three tones lie between the drive's own; every second from the lowest on.
    for (std::size_t i = 0; i < intermodulation_bins; ++i) {
        add(3 * multitone.lowest + 2 * multitone.spacing * static_cast<double>(i), false);
    }
    return all;
}

} // namespace phyll
