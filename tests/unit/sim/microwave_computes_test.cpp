// That the physics computes: the microwave cavity's response is no linear function of its bits, and
// yet no hash of them.
#include "sim/rigs/microwave/microwave.pb.h"
#include "tests/unit/sim/computes.hpp"
#include "tests/unit/sim/support.hpp"

#include <Eigen/Dense>
#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

using namespace phyll;
using namespace phyll::test;
using Eigen::MatrixXd;

namespace {

constexpr Eigen::Index training = 600;
constexpr Eigen::Index test_samples = 300;

std::unique_ptr<sim::SimulatedRig> rig_of(sim::v1::MicrowaveOptions options, std::uint64_t seed,
                                          Workers& workers) {
    options.set_points(20);
    return kind_named("microwave").make(options, {.seed = seed, .workers = &workers});
}

/// Uniformly random bits on the inputs [0, free), the others off.
OwnedBlock random_bits(std::size_t inputs, std::size_t free, std::size_t samples) {
    const KeyedRandom random(1, "bits");
    OwnedBlock x(inputs, samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < free; ++k) {
            x.sample(i)[k] = random.uniform(i, k) < 0.5 ? 0.0F : 1.0F;
        }
    }
    return x;
}

/// 1, the bits as -1 and 1, and, of degree 2, the products of two.
MatrixXd features(const OwnedBlock& x, std::size_t free, int degree) {
    const auto n = static_cast<Eigen::Index>(free);
    const MatrixXd bits = 2 * matrix_of(x.view()).topRows(n).array() - 1;
    std::vector<Eigen::RowVectorXd> rows{Eigen::RowVectorXd::Ones(bits.cols())};
    for (Eigen::Index a = 0; a < n; ++a) {
        rows.emplace_back(bits.row(a));
        for (Eigen::Index b = 0; degree == 2 && b < a; ++b) {
            rows.emplace_back(bits.row(a).cwiseProduct(bits.row(b)));
        }
    }
    MatrixXd result(static_cast<Eigen::Index>(rows.size()), bits.cols());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        result.row(static_cast<Eigen::Index>(i)) = rows[i];
    }
    return result;
}

/// Mean over outputs of the variance that a fit of the degree leaves on unseen patterns.
double left_by_fit(sim::SimulatedRig& rig, std::size_t free, int degree) {
    const OwnedBlock x = random_bits(rig.spec().n_in(), free, training + test_samples);
    const MatrixXd inputs = features(x, free, degree);
    const OwnedBlock y = answer(rig, x);
    const MatrixXd outputs = matrix_of(y.view());
    const MatrixXd fit = read_out(inputs.leftCols(training), outputs.leftCols(training));
    const MatrixXd seen = outputs.rightCols(test_samples);
    const MatrixXd left = seen - fit * inputs.rightCols(test_samples);
    const MatrixXd centred = seen.colwise() - seen.rowwise().mean();
    return (left.rowwise().squaredNorm().array() / centred.rowwise().squaredNorm().array()).mean();
}

/// Accuracy in % of a linear read-out on the exclusive or of two atoms, the others at the drive 0.5
/// that the probe has them rest at; mean over ten pairs, noise of 0.5 % of the response's root mean
/// square.
double exclusive_or_accuracy(sim::SimulatedRig& rig) {
    constexpr std::size_t pairs = 10;
    constexpr std::size_t samples = 200;
    const std::size_t inputs = rig.spec().n_in();
    const KeyedRandom random(2, "pairs");
    double correct = 0.0;
    for (std::size_t pair = 0; pair < pairs; ++pair) {
        const std::size_t a = random.below(inputs, pair, 0);
        const std::size_t b = (a + 1 + random.below(inputs - 1, pair, 1)) % inputs;
        OwnedBlock x(inputs, samples);
        Eigen::RowVectorXd labels(samples);
        for (std::size_t i = 0; i < samples; ++i) {
            const bool first = random.uniform(pair, 10 + 2 * i) < 0.5;
            const bool second = random.uniform(pair, 11 + 2 * i) < 0.5;
            std::ranges::fill(x.sample(i), 0.5F);
            x.sample(i)[a] = first ? 0.75F : 0.25F;
            x.sample(i)[b] = second ? 0.75F : 0.25F;
            labels(static_cast<Eigen::Index>(i)) = first != second ? 1.0 : -1.0;
        }
        const OwnedBlock y = answer(rig, x);
        MatrixXd responses = matrix_of(y.view());
        const double noise =
            0.005 * std::sqrt(responses.squaredNorm() / static_cast<double>(responses.size()));
        for (Eigen::Index i = 0; i < responses.size(); ++i) {
            responses(i) += noise * random.normal(pair, static_cast<std::uint64_t>(1000 + i));
        }
        MatrixXd inputs_of_fit(responses.rows() + 1, responses.cols());
        inputs_of_fit << responses, MatrixXd::Ones(1, responses.cols());
        const Eigen::RowVectorXd scores =
            read_out(inputs_of_fit.leftCols(samples / 2), labels.leftCols(samples / 2)) *
            inputs_of_fit.rightCols(samples / 2);
        correct +=
            ((scores.array() * labels.rightCols(samples / 2).array()) > 0).cast<double>().mean();
    }
    return 100 * correct / pairs;
}

} // namespace

TEST_CASE("a linear fit leaves a good part of the microwave response, and no more") {
    const std::uint64_t seed = GENERATE(1U, 2U);
    Workers workers(2);
    const auto rig = rig_of({}, seed, workers);
    const double share = left_by_fit(*rig, 40, 1);
    CAPTURE(seed, share);
    REQUIRE(share > 0.1);
    REQUIRE(share < 0.4);
}

TEST_CASE("most of what is nonlinear in the microwave response is products of two bits") {
    // Twelve free atoms: a fit of all 780 products would take thousands of samples.
    const std::uint64_t seed = GENERATE(1U, 2U);
    Workers workers(2);
    const auto rig = rig_of({}, seed, workers);
    const double linear = left_by_fit(*rig, 12, 1);
    const double quadratic = left_by_fit(*rig, 12, 2);
    CAPTURE(seed, linear, quadratic);
    REQUIRE(linear > 0.02);
    REQUIRE(quadratic < linear / 2);
}

TEST_CASE("the exclusive or of two atoms is read out of the microwave response") {
    const std::uint64_t seed = GENERATE(1U, 2U);
    Workers workers(2);
    const auto rig = rig_of({}, seed, workers);
    const double accuracy = exclusive_or_accuracy(*rig);
    CAPTURE(seed, accuracy);
    REQUIRE(accuracy >= 75.0); // the bits themselves: 50
}

TEST_CASE("with little loss and atoms that resonate in the band the cavity hashes its bits") {
    sim::v1::MicrowaveOptions options;
    options.set_wall_loss(0.01);
    options.set_resonance_on(1.0);
    options.set_resonance_off(1.2);
    Workers workers(2);
    const auto rig = rig_of(options, 1, workers);
    const double share = left_by_fit(*rig, 40, 1);
    CAPTURE(share);
    REQUIRE(share > 0.8);
}
