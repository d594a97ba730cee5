// That the physics computes: what a linear device cannot do, the default device does, and the same
// device with linear membranes does not.
#include "sim/rigs/acoustic/acoustic.pb.h"
#include "tests/unit/sim/support.hpp"

#include <Eigen/Dense>
#include <catch2/catch.hpp>

#include <cmath>

using namespace phyll;
using namespace phyll::test;
using Eigen::MatrixXd;

namespace {

std::unique_ptr<sim::SimulatedRig> acoustic_rig(double nonlinearity, Workers& workers) {
    sim::v1::AcousticOptions options;
    options.set_nonlinearity(nonlinearity);
    return kind_named("acoustic").make(options, {.workers = &workers});
}

MatrixXd matrix_of(ConstBlock block) {
    return Eigen::Map<const Eigen::MatrixXf>(block.data(),
                                             static_cast<Eigen::Index>(block.channels()),
                                             static_cast<Eigen::Index>(block.samples()))
        .cast<double>();
}

MatrixXd with_bias(const MatrixXd& features) {
    MatrixXd result(features.rows() + 1, features.cols());
    result << features, MatrixXd::Ones(1, features.cols());
    return result;
}

/// The linear read-out that fits `targets` best, with a little ridge.
MatrixXd read_out(const MatrixXd& features, const MatrixXd& targets) {
    MatrixXd gram = features * features.transpose();
    gram.diagonal().array() += 1e-6 * gram.diagonal().mean();
    return gram.ldlt().solve(features * targets.transpose()).transpose();
}

/// Mean over outputs of the variance that a linear fit of the inputs leaves on unseen samples.
double nonlinear_share(double nonlinearity) {
    constexpr Eigen::Index training = 700;
    constexpr Eigen::Index test = 300;
    Workers workers(1);
    const auto rig = acoustic_rig(nonlinearity, workers);
    const OwnedBlock x = uniform_stimuli(rig->spec(), training + test);
    const MatrixXd inputs = with_bias(matrix_of(x.view()));
    const OwnedBlock y = answer(*rig, x);
    const MatrixXd outputs = matrix_of(y.view());
    const MatrixXd fit = read_out(inputs.leftCols(training), outputs.leftCols(training));
    const MatrixXd seen = outputs.rightCols(test);
    const MatrixXd left = seen - fit * inputs.rightCols(test);
    const MatrixXd centred = seen.colwise() - seen.rowwise().mean();
    return (left.rowwise().squaredNorm().array() / centred.rowwise().squaredNorm().array()).mean();
}

constexpr std::size_t probe_samples = 200;

/// Four combinations of 0.25 and 0.75, with jitter, at inputs a and b, 0.5 elsewhere; the labels
/// are +1 where one of the two is high.
OwnedBlock exclusive_or(std::size_t a, std::size_t b, Eigen::RowVectorXd& labels) {
    const KeyedRandom random(a * 100 + b, "jitter");
    OwnedBlock x(20, probe_samples);
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

/// Accuracy in % of a linear read-out on the exclusive or, mean over ten pairs of inputs. The
/// responses carry noise of 0.5 % of their root mean square: without any, the faintest trace of a
/// product would do.
double exclusive_or_accuracy(double nonlinearity) {
    constexpr std::size_t pairs = 10;
    constexpr Eigen::Index training = probe_samples / 2;
    Workers workers(1);
    const auto rig = acoustic_rig(nonlinearity, workers);
    const KeyedRandom random(2, "pairs");
    double correct = 0.0;
    for (std::size_t pair = 0; pair < pairs; ++pair) {
        const std::size_t a = random.below(20, pair, 0);
        const std::size_t b = (a + 1 + random.below(19, pair, 1)) % 20;
        Eigen::RowVectorXd labels;
        const OwnedBlock y = answer(*rig, exclusive_or(a, b, labels));
        MatrixXd features = matrix_of(y.view());
        const double noise =
            0.005 * std::sqrt(features.squaredNorm() / static_cast<double>(features.size()));
        for (Eigen::Index i = 0; i < features.size(); ++i) {
            features(i) += noise * random.normal(pair, static_cast<std::uint64_t>(100 + i));
        }
        features.colwise() -= features.leftCols(training).rowwise().mean().eval();
        const MatrixXd inputs = with_bias(features);
        const Eigen::RowVectorXd scores =
            read_out(inputs.leftCols(training), labels.leftCols(training)) *
            inputs.rightCols(training);
        correct +=
            ((scores.array() * labels.rightCols(training).array()) > 0).cast<double>().mean();
    }
    return 100 * correct / pairs;
}

} // namespace

TEST_CASE("the default cavity leaves a linear fit more than 3 % of its variance") {
    const double share = nonlinear_share(1.0);
    CAPTURE(share);
    REQUIRE(share > 0.03);
    REQUIRE(share < 0.12);
}

TEST_CASE("with linear membranes it leaves nothing") {
    REQUIRE(nonlinear_share(0.0) < 1e-6);
}

TEST_CASE("the default cavity makes products of two inputs: exclusive or is read out") {
    const double accuracy = exclusive_or_accuracy(1.0);
    CAPTURE(accuracy);
    REQUIRE(accuracy >= 60.0);
}

TEST_CASE("with linear membranes exclusive or is a guess") {
    const double accuracy = exclusive_or_accuracy(0.0);
    CAPTURE(accuracy);
    // A thousand guesses.
    REQUIRE(accuracy == Approx(50.0).margin(8.0));
}
