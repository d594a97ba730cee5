#include "daemon/training/characterise/comparison.hpp"

#include "daemon/training/characterise/pairs.hpp"
#include "daemon/training/characterise/probes.hpp"
#include "daemon/training/random_features.hpp"
#include "daemon/training/read_out.hpp"
#include "daemon/training/statistics.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace phyll::training {
namespace {

constexpr std::size_t fit_samples = 100;
constexpr std::size_t test_samples = 200;
constexpr std::size_t pair_samples = fit_samples + test_samples;
constexpr double probe_noise = 0.005;

/// Share of the test samples that a ridge read-out of the others gets right.
double read_out_accuracy(ConstBlock features, const std::vector<std::uint32_t>& labels,
                         std::uint64_t seed) {
    const std::span<const std::uint32_t> all(labels);
    const ReadOut read_out = fit_read_out(features.slice(0, fit_samples), all.first(fit_samples), 2,
                                          {.kind = ReadOutKind::ridge, .seed = seed});
    return static_cast<double>(read_out.count_hits(features.slice(fit_samples, test_samples),
                                                   all.last(test_samples))) /
           static_cast<double>(test_samples);
}

/// Adds normal noise, of standard deviation `deviation(output)`.
template <class Deviation>
void add_noise(Block responses, const KeyedRandom& random, Deviation&& deviation) {
    for (std::size_t i = 0; i < responses.size(); ++i) {
        float& value = responses.values()[i];
        value = static_cast<float>(static_cast<double>(value) +
                                   deviation(i % responses.channels()) * random.normal(i));
    }
}

double root_mean_square(ConstBlock block) {
    double square = 0.0;
    for (const float value : block.values()) {
        square += static_cast<double>(value) * static_cast<double>(value);
    }
    return std::sqrt(square / static_cast<double>(block.size()));
}

struct PairResult {
    double rig;
    double inputs;
    double random_features;
};

class Comparison {
  public:
    explicit Comparison(const ComparisonSite& site) : site_(site), digital_(site.spec, site.seed) {
        const OwnedBlock features = features_of(site.uniform);
        for (std::size_t k = 0; k < features.channels(); ++k) {
            const Moments m =
                moments(features.samples(), [&](std::size_t i) { return features.sample(i)[k]; });
            feature_noise_.push_back(site.noise_share[k] * m.deviation);
        }
    }

    PairResult measure(const Pair& pair) {
        const ExclusiveOrProbe probe =
            exclusive_or(site_.spec, pair.first, pair.second, pair_samples, site_.seed);
        OwnedBlock responses = site_.measure(probe.drives.view());
        OwnedBlock features = features_of(probe.drives.view());
        const auto random = [&](const char* purpose) {
            return KeyedRandom(site_.seed,
                               fmt::format("{} {} {}", purpose, pair.first, pair.second));
        };
        const auto accuracy = [&](ConstBlock block) {
            return read_out_accuracy(block, probe.labels, site_.seed);
        };
        const auto with_probe_noise = [&](OwnedBlock& block) -> ConstBlock {
            const double deviation = probe_noise * root_mean_square(block.view());
            add_noise(block.view(), random("probe noise"), [&](std::size_t) { return deviation; });
            return block.view();
        };
        add_noise(features.view(), random("feature noise"),
                  [&](std::size_t k) { return feature_noise_[k]; });
        return {.rig = accuracy(with_probe_noise(responses)),
                .inputs = accuracy(probe.drives.view()),
                .random_features = accuracy(with_probe_noise(features))};
    }

  private:
    OwnedBlock features_of(ConstBlock drives) {
        OwnedBlock features(site_.spec.n_out(), drives.samples());
        for (std::size_t first = 0; first < drives.samples(); first += site_.spec.max_batch) {
            const std::size_t count = std::min(site_.spec.max_batch, drives.samples() - first);
            digital_.query(drives.slice(first, count), features.view().slice(first, count), {});
        }
        return features;
    }

    const ComparisonSite& site_;
    RandomFeatures digital_;
    std::vector<double> feature_noise_; ///< standard deviation, per output
};

} // namespace

std::uint64_t comparison_queries(std::size_t inputs, std::uint64_t seed) {
    return inputs < 2 ? 0 : choose_pairs(inputs, seed).distinct.size() * pair_samples;
}

v1::ExclusiveOr compare_products(const ComparisonSite& site) {
    const PairChoice pairs = choose_pairs(site.spec.n_in(), site.seed);
    Comparison comparison(site);
    std::vector<PairResult> results;
    for (const Pair& pair : pairs.distinct) {
        results.push_back(comparison.measure(pair));
    }
    const auto of_rig = [&](const std::vector<std::size_t>& sort) {
        return moments(sort.size(), [&](std::size_t i) { return results[sort[i]].rig; }).mean;
    };
    const auto over_all = [&](auto of) {
        return moments(results.size(), [&](std::size_t i) { return of(results[i]); });
    };
    v1::ExclusiveOr out;
    out.set_pairs(static_cast<std::uint32_t>(pairs.random.size()));
    out.set_distinct_pairs(static_cast<std::uint32_t>(results.size()));
    out.set_test_samples(test_samples);
    out.set_random_pairs(of_rig(pairs.random));
    out.set_adjacent_pairs(of_rig(pairs.adjacent));
    out.set_on_inputs(over_all([](const PairResult& r) { return r.inputs; }).mean);
    out.set_on_random_features(
        over_all([](const PairResult& r) { return r.random_features; }).mean);
    const Moments advantage =
        over_all([](const PairResult& r) { return r.rig - r.random_features; });
    out.set_advantage(advantage.mean);
    if (results.size() > 1) {
        out.set_advantage_half_width(half_width_95(advantage.deviation, results.size()));
    }
    return out;
}

std::string verdict_of(const v1::ExclusiveOr& found) {
    const bool interval = found.has_advantage_half_width();
    return fmt::format(
        "on the exclusive or of two inputs, physics adds {:+.1f}{} points over as many digital "
        "random features of equal noise ({:.1f} % against {:.1f} %; the inputs alone {:.1f} %; {})",
        100 * found.advantage(),
        interval ? fmt::format(" +- {:.1f}", 100 * found.advantage_half_width()) : "",
        100 * (found.advantage() + found.on_random_features()), 100 * found.on_random_features(),
        100 * found.on_inputs(),
        interval ? fmt::format("{} pairs, 95 % interval", found.distinct_pairs())
                 : "a single pair, so no interval");
}

} // namespace phyll::training
