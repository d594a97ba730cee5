#pragma once

#include "daemon/training/data/data_set.hpp"

#include <cstddef>
#include <cstdint>

namespace phyll::training {

/// Seven American English vowels as spoken by women, drawn from published statistics: Hillenbrand,
/// Getty, Clark, Wheeler, "Acoustic characteristics of American English vowels", J. Acoust. Soc.
/// Am. 97:3099 (1995).
///
/// The twelve features are the first three formants, in Hz, in the steady state and at 20, 50 and
/// 80 % of the vowel's duration. Each has its class's published mean and standard deviation.
/// Within a class the deviations follow a small factor model:
///
///     deviation(formant, time) = sqrt(0.8) speaker(formant) + sqrt(0.2) moment(formant, time)
///
/// with standard normal variables, the moments independent of each other and the speaker factors
/// correlated as formants are (F1-F2 0.2, F1-F3 0.15, F2-F3 0.4). One formant at two times is thus
/// correlated by 0.8, as in the recordings on average (0.55 to 0.87); that the correlation falls
/// with the distance in time is left out. Values are rounded to 1 Hz, as published ones are.
///
/// Sample i is a function of (seed, i) alone and has the class i mod 7; the training samples come
/// first, then the test samples.
[[nodiscard]] SplitData synthetic_vowels(std::uint64_t seed, std::size_t training_samples,
                                         std::size_t test_samples);

} // namespace phyll::training
