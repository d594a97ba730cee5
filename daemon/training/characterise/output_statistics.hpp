#pragma once

#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace phyll::training {

/// The same stimuli over and over: `stimuli` of them one after the other, `times` over, so that
/// each always follows the same one.
struct Repeats {
    ConstBlock responses; ///< n_out x (stimuli * times)
    std::size_t stimuli;  ///< at least 1
    std::size_t times;    ///< even
};

/// What an output does, in its unit.
struct OutputStatistics {
    double mean = 0.0;      ///< over uniformly random stimuli
    double deviation = 0.0; ///< standard, over the same; the variance of the noise is subtracted
    double noise = 0.0;     ///< standard deviation over repeats of a stimulus, pooled over stimuli
    /// The deviation is below 1 % of the root mean square of those of all outputs, or not above the
    /// noise.
    bool dead = false;
    /// Noise in deviations, at most that of -10 dB: repeats and uniform stimuli of the usual number
    /// tell no weaker signal from none.
    [[nodiscard]] double noise_share() const noexcept;
    /// -20 log10 noise_share(); only where the noise is above 0.
    [[nodiscard]] double snr_db() const noexcept;
};

/// One per output; `uniform` is n_out x samples.
[[nodiscard]] std::vector<OutputStatistics> output_statistics(ConstBlock uniform,
                                                              const Repeats& repeats);

/// Squared differences of single responses, in squared deviations, mean over live outputs. What
/// noise explains is subtracted, so the mean over many equal stimuli is 0 and single ones may be
/// negative.
class Shifts {
  public:
    Shifts(std::vector<OutputStatistics> outputs, const Repeats& repeats);

    [[nodiscard]] double square(std::span<const float> a, std::span<const float> b) const;

    /// The root mean square difference: of the mean of `count` squares, 0 where that is negative.
    template <class Square>
    [[nodiscard]] static double root_mean(std::size_t count, Square&& square_of) {
        double sum = 0.0;
        for (std::size_t i = 0; i < count; ++i) {
            sum += square_of(i);
        }
        return root(sum / static_cast<double>(count));
    }

    /// What `root_mean` of `count` pairs of responses to equal stimuli reaches when its mean is two
    /// standard errors above 0. The error is taken from the repeats as they are, so noise that all
    /// outputs share counts as such. 0: repeats agree to the bit.
    [[nodiscard]] double limit(std::size_t count) const;

  private:
    [[nodiscard]] static double root(double mean_square);

    std::vector<OutputStatistics> outputs_;
    double variance_of_one_ = 0.0; ///< of a square when nothing but noise differs
    double degrees_ = 1.0;         ///< of freedom of the noise that is subtracted
};

} // namespace phyll::training
