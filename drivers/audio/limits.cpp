#include "drivers/audio/limits.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/require.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace phyll::audio {
namespace {

/// What counts as driven, as a share of the peak.
constexpr double driven_share = 0.01;

struct Use {
    double squares = 0.0;
    std::size_t driven = 0;
};

Error beyond(const char* what, double found, double limit, std::size_t output) {
    return {Code::out_of_range, fmt::format("{} of {:.4g} at output {}; {:g} is the limit", what,
                                            found, output + 1, limit)};
}

void require_silent_end(std::span<const float> frame, const char* end) {
    if (std::ranges::any_of(frame, [](float value) { return value != 0.0F; })) {
        throw Error(Code::invalid_argument, fmt::format("a block does not {} in silence", end));
    }
}

} // namespace

std::vector<std::string> Limits::in_words() const {
    std::vector<std::string> words{fmt::format("{:g} of full scale peak", peak)};
    if (rms > 0) {
        words.push_back(fmt::format("{:g} of full scale rms", rms));
    }
    if (duty < 1) {
        words.push_back(fmt::format("{:g} % of the time driven", 100 * duty));
    }
    return words;
}

Limits Limits::and_also(const Limits& other) const {
    return {.peak = std::min(peak, other.peak),
            .rms = rms > 0 && other.rms > 0 ? std::min(rms, other.rms) : std::max(rms, other.rms),
            .duty = std::min(duty, other.duty)};
}

void Limits::check() const {
    require_between("limit_peak", peak, 1e-6, 1.0);
    require_between("limit_rms", rms, 0.0, 1.0);
    require_between("limit_duty", duty, 1e-6, 1.0);
}

void Limits::check(std::span<const float> samples, std::size_t outputs) const {
    const std::size_t frames = samples.size() / outputs;
    if (frames == 0 || frames * outputs != samples.size()) {
        throw Error(Code::invalid_argument,
                    fmt::format("a block of {} samples for {} outputs", samples.size(), outputs));
    }
    require_silent_end(samples.first(outputs), "begin");
    require_silent_end(samples.last(outputs), "end");
    std::vector<Use> use(outputs);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double value = std::abs(static_cast<double>(samples[i]));
        if (!(value <= peak)) {
            throw beyond("a peak", value, peak, i % outputs);
        }
        Use& each = use[i % outputs];
        each.squares += value * value;
        each.driven += value > driven_share * peak ? 1U : 0U;
    }
    for (std::size_t output = 0; output < outputs; ++output) {
        const double found = std::sqrt(use[output].squares / static_cast<double>(frames));
        if (rms > 0 && found > rms) {
            throw beyond("a root mean square", found, rms, output);
        }
        const double share = static_cast<double>(use[output].driven) / static_cast<double>(frames);
        if (share > duty) {
            throw beyond("a duty", share, duty, output);
        }
    }
}

} // namespace phyll::audio
