#include "sim/rigs/twin/assessment.hpp"

#include <Eigen/Dense>

#include <cmath>

namespace phyll::sim {
namespace {

using Matrix = Eigen::MatrixXd;

Eigen::Map<const Eigen::MatrixXf> matrix(ConstBlock block) {
    return {block.data(), static_cast<Eigen::Index>(block.channels()),
            static_cast<Eigen::Index>(block.samples())};
}

/// The samples' values, each divided by its input's deviation, and a constant.
Matrix with_constant(ConstBlock x, const Moments& moments) {
    Matrix extended(x.channels() + 1, x.samples());
    extended.topRows(extended.rows() - 1) = matrix(x).cast<double>();
    for (Eigen::Index k = 0; k + 1 < extended.rows(); ++k) {
        const auto channel = static_cast<std::size_t>(k);
        const double deviation = moments.deviations[channel];
        extended.row(k).array() -= moments.means[channel];
        extended.row(k) /= deviation > 0.0 ? deviation : 1.0;
    }
    extended.bottomRows(1).setOnes();
    return extended;
}

} // namespace

Moments moments_of(ConstBlock block) {
    Moments moments{.means = std::vector<double>(block.channels()),
                    .deviations = std::vector<double>(block.channels())};
    const auto samples = static_cast<double>(block.samples());
    for (std::size_t i = 0; i < block.samples(); ++i) {
        for (std::size_t k = 0; k < block.channels(); ++k) {
            moments.means[k] += static_cast<double>(block.sample(i)[k]) / samples;
        }
    }
    for (std::size_t i = 0; i < block.samples(); ++i) {
        for (std::size_t k = 0; k < block.channels(); ++k) {
            const double difference = static_cast<double>(block.sample(i)[k]) - moments.means[k];
            moments.deviations[k] += difference * difference / samples;
        }
    }
    for (std::size_t k = 0; k < block.channels(); ++k) {
        // What rounding makes of a channel that never varies is no deviation.
        constexpr double rounding = 1e-9;
        const double deviation = std::sqrt(moments.deviations[k]);
        moments.deviations[k] = deviation > rounding * std::abs(moments.means[k]) ? deviation : 0.0;
    }
    return moments;
}

Determination determination(ConstBlock predicted, ConstBlock measured) {
    const Moments moments = moments_of(measured);
    const auto samples = static_cast<double>(measured.samples());
    Determination out;
    double all_errors = 0.0;
    double all_deviations = 0.0;
    for (std::size_t k = 0; k < measured.channels(); ++k) {
        double errors = 0.0;
        for (std::size_t i = 0; i < measured.samples(); ++i) {
            const double error = static_cast<double>(predicted.sample(i)[k]) -
                                 static_cast<double>(measured.sample(i)[k]);
            errors += error * error;
        }
        const double deviations = samples * moments.deviations[k] * moments.deviations[k];
        out.outputs.push_back(deviations > 0.0 ? 1.0 - errors / deviations : 0.0);
        all_errors += errors;
        all_deviations += deviations;
    }
    out.pooled = all_deviations > 0.0 ? 1.0 - all_errors / all_deviations : 0.0;
    return out;
}

OwnedBlock linear_prediction(ConstBlock x, ConstBlock y, ConstBlock test) {
    // Enough to make inputs that never vary, or vary together, harmless, and no more.
    constexpr double ridge = 1e-9;
    const Moments moments = moments_of(x);
    const Matrix inputs = with_constant(x, moments);
    Matrix square = inputs * inputs.transpose();
    square.diagonal().array() += ridge * static_cast<double>(x.samples());
    const Matrix map = square.ldlt().solve(inputs * matrix(y).cast<double>().transpose());
    const Eigen::MatrixXf answers = (map.transpose() * with_constant(test, moments)).cast<float>();
    OwnedBlock out(y.channels(), test.samples());
    Eigen::Map<Eigen::MatrixXf>(out.view().data(), answers.rows(), answers.cols()) = answers;
    return out;
}

} // namespace phyll::sim
