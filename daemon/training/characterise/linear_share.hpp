#pragma once

#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <vector>

namespace phyll::training {

/// For each output the part of its variance that a linear fit of the inputs, made on the first two
/// thirds of the samples, leaves on the others. 0: the output is linear in the inputs; about 1: a
/// linear fit says nothing. An output that never changes leaves 0.
///
/// `x` is n_in x samples, `y` n_out x samples; samples at least 3 (n_in + 1) / 2.
[[nodiscard]] std::vector<double> nonlinear_share(ConstBlock x, ConstBlock y);

/// Effective rank of the responses, each output divided by its standard deviation: the exponential
/// of the entropy of the singular values (Roy and Vetterli, "The effective rank: a measure of
/// effective dimensionality", EUSIPCO 2007). Outputs in `left_out` take no part. At most the first
/// 1,000 samples are looked at; the result is at most the smaller of their number and the outputs'.
[[nodiscard]] double effective_rank(ConstBlock y, const std::vector<bool>& left_out);

} // namespace phyll::training
