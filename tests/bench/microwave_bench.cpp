// Samples per second of processor time of the simulated microwave cavity on one thread, for the
// kernel level in use, and what building it and moving it costs; then how much of its response is
// linear in the bits, and quadratic. Another level: /lib64/ld-linux-x86-64.so.2 --glibc-hwcaps-mask
// x86-64-v3 phyll_bench_microwave
#include "drivers/core/random.hpp"
#include "drivers/core/sample_block.hpp"
#include "drivers/core/workers.hpp"
#include "sim/physics/microwave/cavity.hpp"

#include <Eigen/Dense>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <optional>
#include <vector>

namespace {

using Eigen::Index;
using Eigen::MatrixXf;

constexpr std::size_t samples = 4096;

phyll::OwnedBlock uniform_stimuli(std::size_t channels, std::size_t count = samples) {
    const phyll::KeyedRandom random(1, "stimuli");
    phyll::OwnedBlock x(channels, count);
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t k = 0; k < channels; ++k) {
            x.sample(i)[k] = static_cast<float>(random.uniform(i, k));
        }
    }
    return x;
}

/// Processor seconds that the work takes: there are no other threads, and what else runs on the
/// machine does not count.
template <class Work>
double seconds(const Work& work) {
    const std::clock_t start = std::clock();
    work();
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

void measure(std::size_t points) {
    phyll::Workers workers(1);
    phyll::physics::MicrowaveParameters parameters;
    parameters.points = points;
    std::optional<phyll::physics::MicrowaveCavity> built;
    const double building = seconds([&] { built.emplace(parameters, 1, workers); });
    phyll::physics::MicrowaveCavity& cavity = *built;
    const std::vector<double> offsets(phyll::physics::microwave_displacements(parameters), 0.01);
    const double moving = seconds([&] { cavity.displace(offsets, workers); });

    const phyll::OwnedBlock x = uniform_stimuli(cavity.n_in());
    phyll::OwnedBlock y(cavity.n_out(), samples);
    std::array<double, 7> rates{};
    for (double& rate : rates) {
        rate = samples / seconds([&] { cavity.respond(x.view(), y.view(), workers, {}); });
    }
    std::sort(rates.begin(), rates.end());
    fmt::print("microwave, kernel {}, {} points: {:.0f} samples/s (best {:.0f}, worst {:.0f}); "
               "built in {:.0f} ms, moved in {:.0f} ms\n",
               phyll::physics::microwave_kernel_level(), points, rates[rates.size() / 2],
               rates.back(), rates.front(), 1e3 * building, 1e3 * moving);
}

/// 1, the bits as -1 and 1 and, of degree 2, the products of two.
MatrixXf features(phyll::ConstBlock x, int degree) {
    const auto bits = static_cast<Index>(x.channels());
    const Index rows = 1 + bits + (degree == 2 ? bits * (bits - 1) / 2 : 0);
    MatrixXf result(rows, static_cast<Index>(x.samples()));
    for (Index i = 0; i < result.cols(); ++i) {
        const auto sign = [&](Index k) {
            return x.sample(static_cast<std::size_t>(i))[static_cast<std::size_t>(k)] < 0.5F ? -1.0F
                                                                                             : 1.0F;
        };
        Index row = 0;
        result(row++, i) = 1.0F;
        for (Index a = 0; a < bits; ++a) {
            result(row++, i) = sign(a);
            for (Index b = 0; degree == 2 && b < a; ++b) {
                result(row++, i) = sign(a) * sign(b);
            }
        }
    }
    return result;
}

/// Mean over outputs of the variance that a least-squares fit leaves on unseen patterns.
double left_by_fit(phyll::ConstBlock x, phyll::ConstBlock y, int degree, Index training) {
    const MatrixXf inputs = features(x, degree);
    const auto outputs =
        Eigen::Map<const MatrixXf>(y.data(), static_cast<Index>(y.channels()), inputs.cols());
    const MatrixXf known = inputs.leftCols(training);
    const MatrixXf fit =
        (known * known.transpose()).ldlt().solve(known * outputs.leftCols(training).transpose());
    const Index rest = inputs.cols() - training;
    const MatrixXf seen = outputs.rightCols(rest);
    const MatrixXf left = seen - fit.transpose() * inputs.rightCols(rest);
    const MatrixXf centred = seen.colwise() - seen.rowwise().mean();
    return (left.rowwise().squaredNorm().array() / centred.rowwise().squaredNorm().array()).mean();
}

void fit(std::uint64_t seed) {
    constexpr std::size_t patterns = 10'000;
    constexpr Index training = 8'000;
    phyll::Workers workers(1);
    const phyll::physics::MicrowaveCavity cavity({}, seed, workers);
    const phyll::OwnedBlock x = uniform_stimuli(cavity.n_in(), patterns);
    phyll::OwnedBlock y(cavity.n_out(), patterns);
    cavity.respond(x.view(), y.view(), workers, {});
    fmt::print("seed {}: of the variance a linear fit leaves {:.1f} %, a quadratic one {:.1f} %\n",
               seed, 100 * left_by_fit(x.view(), y.view(), 1, training),
               100 * left_by_fit(x.view(), y.view(), 2, training));
}

} // namespace

int main() {
    measure(20);
    measure(60);
    for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
        fit(seed);
    }
}
