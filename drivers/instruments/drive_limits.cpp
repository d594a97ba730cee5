#include "drivers/core/error.hpp"
#include "drivers/instruments/waveform_generator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace phyll::instruments {
namespace {

/// The share of the peak limit up to which a point counts as none.
constexpr double idle_share = 0.01;
/// Sums of many points may exceed a limit that they keep by what rounding adds.
constexpr double rounding = 1 + 1e-9;

} // namespace

std::vector<std::string> DriveLimits::in_words() const {
    std::vector<std::string> words{fmt::format("{:g} V peak", peak.value)};
    if (rms.value > 0) {
        words.push_back(fmt::format("{:g} V rms over a waveform", rms.value));
    }
    if (duty < 1) {
        words.push_back(fmt::format("driven for {:g} % of a waveform", 100 * duty));
    }
    return words;
}

void DriveLimits::check(std::span<const double> waveform) const {
    double squares = 0.0;
    std::size_t driven = 0;
    for (std::size_t i = 0; i < waveform.size(); ++i) {
        const double v = waveform[i];
        if (!std::isfinite(v) || std::abs(v) > peak.value * rounding) {
            throw Error(Code::out_of_range,
                        fmt::format("point {} of the waveform is {:g} V; the limit is {:g} V peak",
                                    i, v, peak.value));
        }
        squares += v * v;
        driven += std::abs(v) > idle_share * peak.value ? 1 : 0;
    }
    const double points = static_cast<double>(std::max<std::size_t>(waveform.size(), 1));
    const double root = std::sqrt(squares / points);
    if (rms.value > 0 && root > rms.value * rounding) {
        throw Error(
            Code::out_of_range,
            fmt::format("the waveform has {:g} V rms; the limit is {:g} V", root, rms.value));
    }
    const double share = static_cast<double>(driven) / points;
    if (share > duty * rounding) {
        throw Error(Code::out_of_range,
                    fmt::format("the waveform drives for {:g} % of its time; the limit is {:g} %",
                                100 * share, 100 * duty));
    }
}

} // namespace phyll::instruments
