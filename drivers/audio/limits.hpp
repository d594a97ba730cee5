#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace phyll::audio {

/// What must never leave an output, as shares of the converter's full scale.
struct Limits {
    double peak = 1.0; ///< |x|; more than 0, at most 1
    double rms = 0.0;  ///< of one output over a whole block; 0: not limited
    double duty = 1.0; ///< share of a block's frames in which an output is beyond 1 % of `peak`

    bool operator==(const Limits&) const = default;

    /// "0.5 of full scale peak", ...: those that limit anything.
    [[nodiscard]] std::vector<std::string> in_words() const;
    /// Both hold.
    [[nodiscard]] Limits and_also(const Limits& other) const;
    /// Throws INVALID_ARGUMENT about a limit that cannot be.
    void check() const;
    /// Of interleaved samples, so many outputs. Throws OUT_OF_RANGE saying what is exceeded, by
    /// what, where; INVALID_ARGUMENT when a block does not begin and end in silence, so that
    /// whatever is before or after it there is no step.
    void check(std::span<const float> samples, std::size_t outputs) const;
};

} // namespace phyll::audio
