#include "daemon/training/characterise/linear_share.hpp"

#include "daemon/training/statistics.hpp"

#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>

namespace phyll::training {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::size_t most_samples_for_rank = 1000;

MatrixXd matrix_of(ConstBlock block) {
    return Eigen::Map<const Eigen::MatrixXf>(block.data(), static_cast<Index>(block.channels()),
                                             static_cast<Index>(block.samples()))
        .cast<double>();
}

/// The inputs and a last row of ones.
MatrixXd with_bias(ConstBlock x) {
    MatrixXd inputs =
        MatrixXd::Ones(static_cast<Index>(x.channels()) + 1, static_cast<Index>(x.samples()));
    inputs.topRows(static_cast<Index>(x.channels())) = matrix_of(x);
    return inputs;
}

} // namespace

std::vector<double> nonlinear_share(ConstBlock x, ConstBlock y, std::span<const double> noise) {
    const std::size_t training = 2 * x.samples() / 3;
    const std::size_t test = x.samples() - training;
    const MatrixXd inputs = with_bias(x.slice(0, training));
    MatrixXd gram = inputs * inputs.transpose();
    gram.diagonal().array() += 1e-9 * gram.diagonal().mean();
    const MatrixXd fit = gram.llt().solve(inputs * matrix_of(y.slice(0, training)).transpose());
    const MatrixXd seen = matrix_of(y.slice(training, test));
    const MatrixXd left = seen - fit.transpose() * with_bias(x.slice(training, test));
    const MatrixXd centred = seen.colwise() - seen.rowwise().mean();
    const auto parameters = static_cast<double>(x.channels() + 1);
    const double inflation = 1.0 + parameters / (static_cast<double>(training) - parameters - 1.0);
    const auto count = static_cast<double>(test);
    std::vector<double> shares(y.channels());
    for (std::size_t k = 0; k < shares.size(); ++k) {
        const auto row = static_cast<Index>(k);
        const double noise_variance = noise[k] * noise[k];
        const double variance = centred.row(row).squaredNorm() / (count - 1.0) - noise_variance;
        const double unexplained =
            left.row(row).squaredNorm() / (count * inflation) - noise_variance;
        shares[k] = variance > 0.0 ? unexplained / variance : 0.0;
    }
    return shares;
}

double effective_rank(ConstBlock y, const std::vector<bool>& left_out) {
    const ConstBlock some = y.slice(0, std::min(y.samples(), most_samples_for_rank));
    const auto samples = static_cast<Index>(some.samples());
    const auto outputs = static_cast<Index>(std::ranges::count(left_out, false));
    MatrixXd z(outputs, samples);
    Index row = 0;
    for (std::size_t k = 0; k < y.channels(); ++k) {
        if (left_out[k]) {
            continue;
        }
        const Moments m = moments(some.samples(), [&](std::size_t i) { return some.sample(i)[k]; });
        for (std::size_t i = 0; i < some.samples(); ++i) {
            const double centred = static_cast<double>(some.sample(i)[k]) - m.mean;
            z(row, static_cast<Index>(i)) = m.deviation > 0.0 ? centred / m.deviation : 0.0;
        }
        ++row;
    }
    if (row == 0) {
        return 0.0;
    }
    const MatrixXd gram =
        outputs <= samples ? MatrixXd(z * z.transpose()) : MatrixXd(z.transpose() * z);
    const VectorXd squares =
        Eigen::SelfAdjointEigenSolver<MatrixXd>(gram, Eigen::EigenvaluesOnly).eigenvalues();
    const VectorXd singular = squares.cwiseMax(0.0).cwiseSqrt();
    const double sum = singular.sum();
    if (sum <= 0.0) {
        return 0.0;
    }
    double entropy = 0.0;
    for (const double value : singular) {
        const double share = value / sum;
        entropy -= share > 0.0 ? share * std::log(share) : 0.0;
    }
    return std::exp(entropy);
}

} // namespace phyll::training
