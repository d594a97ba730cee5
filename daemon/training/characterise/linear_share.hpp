#pragma once

#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace phyll::training {

/// For each output the part of its variance, that of the noise left out, that no linear map of the
/// inputs explains: what a linear fit, made on the first two thirds of the samples, leaves on the
/// others. 0: the output is linear in the inputs; 1: a linear map explains nothing. Unbiased: the
/// error of the fit's p = n_in + 1 coefficients, which inflates what n samples leave on others by
/// 1 + p / (n - p - 1), is divided out (exact for normal inputs), and the noise subtracted; a
/// single figure may thus be below 0. An output of no variance beyond the noise has 0.
///
/// `x` is n_in x samples, `y` n_out x samples, `noise` the standard deviation of each output's
/// noise; samples at least 3 (n_in + 1), n_in at least 1.
[[nodiscard]] std::vector<double> nonlinear_share(ConstBlock x, ConstBlock y,
                                                  std::span<const double> noise);

/// Effective rank of the responses, each output divided by its standard deviation: the exponential
/// of the entropy of the singular values (Roy and Vetterli, "The effective rank: a measure of
/// effective dimensionality", EUSIPCO 2007). Outputs in `left_out` take no part. At most the first
/// 1,000 samples are looked at; the result is at most the smaller of their number and the outputs'.
[[nodiscard]] double effective_rank(ConstBlock y, const std::vector<bool>& left_out);

} // namespace phyll::training
