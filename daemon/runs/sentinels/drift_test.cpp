#include "daemon/runs/sentinels/drift_test.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

namespace phyll::runs::sentinels {
namespace {

/// Rounds that a mean is taken over, at either end. More would tell smaller moves, but later.
constexpr std::size_t longest = 32;

void check_option(const std::string& field, bool valid, double value, const std::string& range) {
    if (!valid) {
        throw invalid_field(field, fmt::format("{}; valid is {}", value, range));
    }
}

void add_to(std::span<double> sum, std::span<const double> values) {
    std::ranges::transform(sum, values, sum.begin(), std::plus());
}

/// The mean square of the difference of two means.
double distance(std::span<const double> sum, std::size_t rounds, std::span<const double> other_sum,
                std::size_t other_rounds) {
    const double weight = 1.0 / static_cast<double>(rounds);
    const double other_weight = 1.0 / static_cast<double>(other_rounds);
    double squares = 0;
    for (std::size_t i = 0; i < sum.size(); ++i) {
        const double moved = sum[i] * weight - other_sum[i] * other_weight;
        squares += moved * moved;
    }
    return squares / static_cast<double>(sum.size());
}

} // namespace

DriftTest::DriftTest(const DriftOptions& options, std::size_t n_out)
    : options_(options), n_out_(n_out), noise_(0, 0) {
    check_option("sentinels.count", options.count >= 2, static_cast<double>(options.count),
                 "at least 2");
    check_option("sentinels.baseline", options.baseline >= 2, static_cast<double>(options.baseline),
                 "at least 2");
    check_option("sentinels.tolerance", options.tolerance > 0, options.tolerance, "above 0");
    check_option("n_out", n_out >= 1, static_cast<double>(n_out), "at least 1");
}

void DriftTest::check(ConstBlock round) const {
    if (round.channels() != n_out_ || round.samples() != options_.count) {
        throw invalid_field("round",
                            fmt::format("{} x {} values; valid is {} outputs x {} sentinels",
                                        round.channels(), round.samples(), n_out_, options_.count));
    }
}

void DriftTest::add_baseline(ConstBlock round) {
    check(round);
    if (has_baseline()) {
        throw Error(Code::failed_precondition,
                    fmt::format("the era's start has its {} rounds already", options_.baseline));
    }
    OwnedBlock& kept = first_.emplace_back(n_out_, options_.count);
    std::ranges::copy(round.values(), kept.view().values().begin());
    if (has_baseline()) {
        begin_era();
    }
}

/// Everything that is known of the noise at first: repeat i against the mean of those before it,
/// which makes contrasts that are independent of one another and of the mean of all.
void DriftTest::begin_era() {
    start_ = EraStart::of(first_);
    noise_ = NoiseEstimate(std::max<std::size_t>(1, outputs()), options_.count);
    growing_.sum.assign(start_.size(options_.count), 0.0);
    if (outputs() == 0) {
        return;
    }
    std::vector<double> now(growing_.sum.size());
    std::vector<double> contrast(now.size());
    for (const OwnedBlock& round : first_) {
        start_.scaled(round.view(), now);
        if (growing_.rounds > 0) {
            const auto before = static_cast<double>(growing_.rounds);
            const double to_one = std::sqrt(before / (before + 1.0));
            for (std::size_t i = 0; i < now.size(); ++i) {
                contrast[i] = (now[i] - growing_.sum[i] / before) * to_one;
            }
            noise_.add(contrast);
        }
        add_to(growing_.sum, now);
        ++growing_.rounds;
    }
    starts_.push_back(growing_);
}

double DriftTest::noise() const {
    return std::sqrt(noise_.variance());
}

std::span<const double> DriftTest::latest(std::size_t back) const {
    return latest_[(rounds_ - 1 - back) % longest];
}

Verdict DriftTest::add_round(ConstBlock round) {
    check(round);
    if (!has_baseline()) {
        throw Error(Code::failed_precondition,
                    fmt::format("the era's start has {} of its {} rounds", first_.size(),
                                options_.baseline));
    }
    if (outputs() == 0) {
        return {};
    }
    if (latest_.size() < longest) {
        latest_.emplace_back(start_.size(options_.count));
    }
    start_.scaled(round, latest_[rounds_ % longest]);
    ++rounds_;
    // What a round shows about the noise comes after what it shows about the device: a sudden move
    // is not taken for noise.
    const Verdict verdict = compare();
    learn_noise();
    learn_start();
    return verdict;
}

/// Every pair of rounds is one more contrast. Neighbours, so that a slow drift is no noise.
void DriftTest::learn_noise() {
    if (rounds_ % 2 != 0) {
        return;
    }
    const std::span<const double> now = latest(0);
    const std::span<const double> before = latest(1);
    std::vector<double> contrast(now.size());
    for (std::size_t i = 0; i < now.size(); ++i) {
        contrast[i] = (now[i] - before[i]) * std::sqrt(0.5);
    }
    noise_.add(contrast);
}

void DriftTest::learn_start() {
    if (2 * starts_.back().rounds > longest) {
        growing_ = {};
        return;
    }
    add_to(growing_.sum, latest(0));
    ++growing_.rounds;
    if (growing_.rounds == 2 * starts_.back().rounds) {
        starts_.push_back(growing_);
    }
}

/// All means over the last rounds with all over the first ones that share none with them. What is
/// said of the move is what the comparison says that shows it best.
Verdict DriftTest::compare() const {
    const double variance = noise_.variance();
    const double excess = noise_.excess();
    Verdict verdict;
    double best = -1.0;
    std::vector<double> sum(starts_.front().sum.size());
    std::size_t window = 0;
    for (std::size_t next = 1; next <= std::min(longest, rounds_); next *= 2) {
        for (; window < next; ++window) {
            add_to(sum, latest(window));
        }
        for (const FirstRounds& start : starts_) {
            if (start.rounds + window > options_.baseline + rounds_) {
                continue;
            }
            const double share =
                1.0 / static_cast<double>(window) + 1.0 / static_cast<double>(start.rounds);
            const double moved = distance(sum, window, start.sum, start.rounds) - share * variance;
            const double limit = std::max(share * excess, options_.tolerance * options_.tolerance);
            verdict.ended = verdict.ended || moved > limit;
            if (moved / limit > best) {
                best = moved / limit;
                verdict.moved = std::sqrt(std::max(0.0, moved));
            }
        }
    }
    return verdict;
}

} // namespace phyll::runs::sentinels
