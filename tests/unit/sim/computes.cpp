#include "tests/unit/sim/computes.hpp"

#include "tests/unit/sim/support.hpp"

#include <Eigen/Dense>

#include <cmath>

namespace phyll::test {
namespace {

using Eigen::MatrixXd;

MatrixXd with_bias(const MatrixXd& features) {
    MatrixXd result(features.rows() + 1, features.cols());
    result << features, MatrixXd::Ones(1, features.cols());
    return result;
}

constexpr std::size_t probe_samples = 200;

/// Four combinations of 0.25 and 0.75, with jitter, at the two inputs, 0.5 elsewhere; the labels
/// are +1 where one of the two is high.
OwnedBlock exclusive_or(const LayerSpec& spec, const InputPair& pair, Eigen::RowVectorXd& labels) {
    const auto [a, b] = pair;
    const KeyedRandom random(a * 100 + b, "jitter");
    OwnedBlock x(spec.n_in(), probe_samples);
    labels.resize(probe_samples);
    for (std::size_t i = 0; i < probe_samples; ++i) {
        const bool first = random.uniform(i, 0) < 0.5;
        const bool second = random.uniform(i, 1) < 0.5;
        std::ranges::fill(x.sample(i), 0.5F);
        x.sample(i)[a] =
            (first ? 0.75F : 0.25F) + 0.1F * static_cast<float>(random.uniform(i, 2) - 0.5);
        x.sample(i)[b] =
            (second ? 0.75F : 0.25F) + 0.1F * static_cast<float>(random.uniform(i, 3) - 0.5);
        labels(static_cast<Eigen::Index>(i)) = first != second ? 1.0 : -1.0;
    }
    return x;
}

void add_noise(MatrixXd& features, std::uint64_t number) {
    const KeyedRandom random(2, "pairs");
    const double deviation =
        0.005 * std::sqrt(features.squaredNorm() / static_cast<double>(features.size()));
    for (Eigen::Index i = 0; i < features.size(); ++i) {
        features(i) += deviation * random.normal(number, static_cast<std::uint64_t>(100 + i));
    }
}

/// Share of the second half of the samples that a read-out fitted on the first half gets right.
double share_read_out(MatrixXd features, const Eigen::RowVectorXd& labels) {
    const Eigen::Index training = features.cols() / 2;
    features.colwise() -= features.leftCols(training).rowwise().mean().eval();
    const MatrixXd inputs = with_bias(features);
    const Eigen::RowVectorXd scores =
        read_out(inputs.leftCols(training), labels.leftCols(training)) * inputs.rightCols(training);
    return ((scores.array() * labels.rightCols(training).array()) > 0).cast<double>().mean();
}

} // namespace

MatrixXd matrix_of(ConstBlock block) {
    return Eigen::Map<const Eigen::MatrixXf>(block.data(),
                                             static_cast<Eigen::Index>(block.channels()),
                                             static_cast<Eigen::Index>(block.samples()))
        .cast<double>();
}

MatrixXd read_out(const MatrixXd& features, const MatrixXd& targets) {
    MatrixXd gram = features * features.transpose();
    gram.diagonal().array() += 1e-6 * gram.diagonal().mean();
    return gram.ldlt().solve(features * targets.transpose()).transpose();
}

double nonlinear_share(PhysicalLayer& rig) {
    constexpr Eigen::Index training = 700;
    constexpr Eigen::Index test = 300;
    const OwnedBlock x = uniform_stimuli(rig.spec(), training + test);
    const MatrixXd inputs = with_bias(matrix_of(x.view()));
    const OwnedBlock y = answer(rig, x);
    const MatrixXd outputs = matrix_of(y.view());
    const MatrixXd fit = read_out(inputs.leftCols(training), outputs.leftCols(training));
    const MatrixXd seen = outputs.rightCols(test);
    const MatrixXd left = seen - fit * inputs.rightCols(test);
    const MatrixXd centred = seen.colwise() - seen.rowwise().mean();
    return (left.rowwise().squaredNorm().array() / centred.rowwise().squaredNorm().array()).mean();
}

std::vector<InputPair> random_pairs(const LayerSpec& spec, std::size_t count) {
    const KeyedRandom random(2, "pairs");
    const std::size_t inputs = spec.n_in();
    std::vector<InputPair> pairs;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t a = random.below(inputs, i, 0);
        pairs.emplace_back(a, (a + 1 + random.below(inputs - 1, i, 1)) % inputs);
    }
    return pairs;
}

std::vector<InputPair> pairs_apart(const LayerSpec& spec, std::size_t distance, std::size_t count) {
    const KeyedRandom random(3, "pairs");
    std::vector<InputPair> pairs;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t a = random.below(spec.n_in() - distance, i);
        pairs.emplace_back(a, a + distance);
    }
    return pairs;
}

double exclusive_or_accuracy(PhysicalLayer& rig, const std::vector<InputPair>& pairs) {
    double correct = 0.0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        Eigen::RowVectorXd labels;
        const OwnedBlock y = answer(rig, exclusive_or(rig.spec(), pairs[i], labels));
        MatrixXd features = matrix_of(y.view());
        add_noise(features, i);
        correct += share_read_out(std::move(features), labels);
    }
    return 100 * correct / static_cast<double>(pairs.size());
}

} // namespace phyll::test
