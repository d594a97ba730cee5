#include "daemon/training/data/data_set.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace phyll::training {
namespace {

std::vector<std::vector<std::uint32_t>> group_by_class(std::span<const std::uint32_t> labels,
                                                       std::size_t classes) {
    std::vector<std::vector<std::uint32_t>> groups(classes);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        groups.at(labels[i]).push_back(static_cast<std::uint32_t>(i));
    }
    return groups;
}

/// How many test samples each class gives: whole parts first, then one more for those with the
/// largest remainders (Hamilton's method) until the total is reached.
std::vector<std::size_t> apportion(const std::vector<std::vector<std::uint32_t>>& groups,
                                   double fraction, std::size_t total) {
    std::vector<std::size_t> seats;
    std::vector<double> remainders;
    for (const auto& group : groups) {
        const double share = fraction * static_cast<double>(group.size());
        seats.push_back(static_cast<std::size_t>(share));
        remainders.push_back(share - std::floor(share));
    }
    std::vector<std::size_t> order(groups.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return remainders[a] > remainders[b] || (remainders[a] == remainders[b] && a < b);
    });
    std::size_t given = std::accumulate(seats.begin(), seats.end(), std::size_t{0});
    for (auto next = order.begin(); given < total && next != order.end(); ++next, ++given) {
        ++seats[*next];
    }
    for (std::size_t c = 0; c < groups.size(); ++c) {
        seats[c] = std::clamp(seats[c], std::size_t{1}, groups[c].size() - 1);
    }
    return seats;
}

} // namespace

std::vector<std::uint32_t> labels_of(const DataSet& data, std::span<const std::uint32_t> samples) {
    std::vector<std::uint32_t> labels;
    labels.reserve(samples.size());
    for (const std::uint32_t i : samples) {
        labels.push_back(data.labels[i]);
    }
    return labels;
}

Split split_in_order(std::size_t training_samples, std::size_t test_samples) {
    Split split;
    split.training.resize(training_samples);
    split.test.resize(test_samples);
    std::iota(split.training.begin(), split.training.end(), 0U);
    std::iota(split.test.begin(), split.test.end(), static_cast<std::uint32_t>(training_samples));
    return split;
}

Split stratified_split(std::span<const std::uint32_t> labels, std::size_t classes,
                       double test_fraction, std::uint64_t seed) {
    const bool valid = test_fraction > 0.0 && test_fraction < 1.0;
    if (!valid) {
        throw invalid_field("data.test_fraction",
                            fmt::format("{}; valid is more than 0, less than 1", test_fraction));
    }
    std::vector<std::vector<std::uint32_t>> groups = group_by_class(labels, classes);
    for (const auto& group : groups) {
        if (group.size() < 2) {
            throw Error(
                Code::invalid_argument,
                fmt::format("class {} of the data has {} samples; at least two are needed, one "
                            "to learn from and one for the test",
                            &group - groups.data(), group.size()));
        }
    }
    const auto total =
        static_cast<std::size_t>(std::lround(test_fraction * static_cast<double>(labels.size())));
    const std::vector<std::size_t> test_samples = apportion(groups, test_fraction, total);

    const KeyedRandom random(seed, "split");
    Split split;
    for (std::size_t c = 0; c < classes; ++c) {
        random.shuffle(groups[c], c);
        const auto border = groups[c].begin() + static_cast<std::ptrdiff_t>(test_samples[c]);
        split.test.insert(split.test.end(), groups[c].begin(), border);
        split.training.insert(split.training.end(), border, groups[c].end());
    }
    random.shuffle(split.training, classes);
    std::sort(split.test.begin(), split.test.end());
    return split;
}

} // namespace phyll::training
