#include "daemon/training/judgement.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace phyll::training {

namespace {

/// Where the pairs begin in the counts.
constexpr std::size_t first_pair = 2;

} // namespace

JudgementCounter::JudgementCounter(std::size_t classes, std::optional<Range> goodness)
    : classes_(classes),
      goodness_(classes <= most_classes ? goodness : std::nullopt),
      counts_(first_pair + (keeps_pairs() ? classes * classes : 0) + (goodness_ ? 2 * bins : 0)) {}

bool JudgementCounter::add(std::uint32_t label, std::span<const float> scores) {
    const auto best = std::ranges::max_element(scores);
    const auto predicted = static_cast<std::size_t>(best - scores.begin());
    const bool right = predicted == label;
    counts_[0] += right ? 1.0F : 0.0F;
    counts_[1] += 1.0F;
    if (keeps_pairs()) {
        counts_[first_pair + label * classes_ + predicted] += 1.0F;
    }
    if (goodness_) {
        float other = -std::numeric_limits<float>::infinity();
        for (std::size_t k = 0; k < scores.size(); ++k) {
            other = k == label ? other : std::max(other, scores[k]);
        }
        const std::size_t own_bins = first_pair + classes_ * classes_;
        count_bin(own_bins, scores[label]);
        count_bin(own_bins + bins, other);
    }
    return right;
}

void JudgementCounter::count_bin(std::size_t first, float goodness) {
    const double place = (static_cast<double>(goodness) - goodness_->least) /
                         (goodness_->most - goodness_->least) * static_cast<double>(bins);
    // Written so that what is not a number falls into the first bin.
    const std::size_t bin =
        !(place > 0) ? 0 : static_cast<std::size_t>(std::min(place, static_cast<double>(bins - 1)));
    counts_[first + bin] += 1.0F;
}

Histogram JudgementCounter::histogram(std::size_t first) const {
    Histogram out{.least = goodness_->least, .most = goodness_->most, .counts = {}};
    for (std::size_t k = 0; k < bins; ++k) {
        out.counts.push_back(static_cast<std::uint64_t>(counts_[first + k]));
    }
    return out;
}

std::optional<TestJudgement> JudgementCounter::judgement() const {
    if (!keeps_pairs()) {
        return std::nullopt;
    }
    TestJudgement out{.classes = classes_, .confusion = {}};
    const std::size_t own_bins = first_pair + classes_ * classes_;
    for (std::size_t k = first_pair; k < own_bins; ++k) {
        out.confusion.push_back(static_cast<std::uint64_t>(counts_[k]));
    }
    if (goodness_) {
        out.own = histogram(own_bins);
        out.best_other = histogram(own_bins + bins);
    }
    return out;
}

double JudgementCounter::accuracy() const noexcept {
    return counts_[1] > 0.0F ? static_cast<double>(counts_[0]) / static_cast<double>(counts_[1])
                             : 0.0;
}

void JudgementCounter::clear() {
    std::ranges::fill(counts_, 0.0F);
}

void JudgementCounter::restore(const ArrayReader& arrays, std::string_view name) {
    std::vector<float> counts(counts_.size());
    arrays.read(name, counts);
    counts_ = std::move(counts);
}

} // namespace phyll::training
