#include "daemon/training/schemes/local/selection.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

using namespace phyll::training;

namespace {

constexpr std::size_t classes = 4;

/// 103 training samples in batches of 20 and 5 test samples, in two layers with physics.
Selection make_selection(Schedule schedule) {
    LocalSettings settings;
    settings.seed = 1;
    settings.schedule = schedule;
    settings.batch = 20;
    settings.layers.resize(2);
    std::vector<std::uint32_t> labels(103);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        labels[i] = static_cast<std::uint32_t>(i % classes);
    }
    settings.judged_samples = labels.size();
    return {settings, classes, {.training = labels, .test = {0, 1, 2, 3, 0}}};
}

Task training(std::size_t layer, std::size_t epoch, std::size_t part) {
    return {.phase = Phase::train, .layer = layer, .epoch = epoch, .part = part};
}

std::vector<std::uint32_t> samples_of(const std::vector<Column>& pairs) {
    std::vector<std::uint32_t> samples;
    for (std::size_t i = 0; i < pairs.size() / 2; ++i) {
        samples.push_back(pairs[i].sample);
    }
    return samples;
}

std::vector<std::uint32_t> labels_of(const std::vector<Column>& columns) {
    std::vector<std::uint32_t> labels;
    for (const Column& column : columns) {
        labels.push_back(column.label);
    }
    return labels;
}

} // namespace

TEST_CASE("the batches of an epoch hold every sample once, in an order of the epoch's own") {
    const Selection selection = make_selection(Schedule::greedy);
    REQUIRE(selection.batches() == 6);
    std::multiset<std::uint32_t> seen;
    for (std::size_t part = 0; part < 6; ++part) {
        const auto samples = samples_of(selection.pairs(training(0, 2, part)));
        CHECK(samples.size() == (part < 5 ? 20 : 3));
        CHECK(samples.size() == selection.batch_size(training(0, 2, part)));
        seen.insert(samples.begin(), samples.end());
    }
    CHECK(seen.size() == 103);
    CHECK(std::set<std::uint32_t>(seen.begin(), seen.end()).size() == 103);
    CHECK(samples_of(selection.pairs(training(0, 2, 0))) !=
          samples_of(selection.pairs(training(0, 3, 0))));
}

TEST_CASE("a negative is the same sample with any wrong label") {
    const Selection selection = make_selection(Schedule::greedy);
    std::array<int, classes> counts{};
    constexpr int epochs = 1200;
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
        const std::vector<Column> pairs = selection.pairs(training(0, epoch, 5));
        for (std::size_t i = 0; i < 3; ++i) {
            const Column& positive = pairs[i];
            const Column& negative = pairs[3 + i];
            REQUIRE(negative.sample == positive.sample);
            REQUIRE(positive.label == positive.sample % classes);
            REQUIRE(negative.label != positive.label);
            REQUIRE(negative.label < classes);
            // How far the wrong label is from the own one.
            ++counts[(negative.label + classes - positive.label) % classes];
        }
    }
    for (std::size_t distance = 1; distance < classes; ++distance) {
        // Five standard errors of a third of the draws.
        CHECK(std::abs(counts[distance] - epochs) < 5 * std::sqrt(epochs * 2.0 / 3));
    }
}

TEST_CASE("greedy layers draw for themselves, simultaneous ones share their batch") {
    const Selection greedy = make_selection(Schedule::greedy);
    CHECK(samples_of(greedy.pairs(training(0, 0, 0))) !=
          samples_of(greedy.pairs(training(1, 0, 0))));
    const Selection together = make_selection(Schedule::simultaneous);
    CHECK(samples_of(together.pairs(training(0, 0, 0))) ==
          samples_of(together.pairs(training(1, 0, 0))));
    CHECK(labels_of(together.pairs(training(0, 0, 0))) ==
          labels_of(together.pairs(training(1, 0, 0))));
    CHECK(labels_of(together.pairs(training(0, 0, 0))) !=
          labels_of(together.pairs(training(0, 1, 0))));
}

TEST_CASE("a hard negative is a wrong label in proportion to what its goodness says") {
    const Selection selection = make_selection(Schedule::greedy);
    // The own label has the most; of the others the last counts e times as often as the first.
    std::vector<float> goodness(3 * classes);
    std::array<double, classes> counts{};
    constexpr std::size_t epochs = 4000;
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
        const Task task = training(0, epoch, 5);
        const std::vector<std::uint32_t> samples = selection.batch(task);
        for (std::size_t i = 0; i < samples.size(); ++i) {
            for (std::uint32_t distance = 0; distance < classes; ++distance) {
                const std::size_t label = (samples[i] + distance) % classes;
                goodness[i * classes + label] = std::array{1.0F, 0.0F, 0.0F, 0.25F}.at(distance);
            }
        }
        const std::vector<Column> pairs = selection.hard_pairs(task, goodness, 4.0);
        REQUIRE(pairs.size() == 6);
        for (std::size_t i = 0; i < 3; ++i) {
            REQUIRE(pairs[i].label == pairs[i].sample % classes);
            REQUIRE(pairs[3 + i].sample == pairs[i].sample);
            counts.at((pairs[3 + i].label + classes - pairs[i].label) % classes) += 1.0;
        }
    }
    CHECK(counts[0] == 0.0);
    CHECK(counts[1] / (3 * epochs) == Approx(1.0 / (2.0 + std::exp(1.0))).margin(0.02));
    CHECK(counts[3] / counts[2] == Approx(std::exp(1.0)).epsilon(0.1));
}

TEST_CASE("hits are counted per sample, ties go to the first label") {
    const Selection selection = make_selection(Schedule::greedy);
    const Task test{.phase = Phase::evaluate, .on_test = true};
    const std::vector<Column> columns = selection.columns(test);
    REQUIRE(columns.size() == 5 * classes);
    CHECK(selection.place({3, 2}) == 3 * classes + 2);
    // Labels 0, 1, 2, 3, 0: right, right, wrong, tie lost, tie won.
    const std::vector<float> goodness{1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1};
    CHECK(selection.count_hits(test, columns, goodness) == 3);
}

TEST_CASE("a sample is compared as two of its copies, any two") {
    LocalSettings settings;
    settings.seed = 1;
    settings.batch = 20;
    settings.labelling = Labelling::copies;
    settings.copies = 4;
    settings.epochs = 1;
    settings.layers.resize(2);
    const Selection selection(settings, classes,
                              {.training = std::vector<std::uint32_t>(103), .test = {}});
    std::map<std::pair<std::uint32_t, std::uint32_t>, int> counts;
    constexpr int epochs = 1200;
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
        const std::vector<Column> columns = selection.columns(training(0, epoch, 5));
        REQUIRE(columns.size() == 6);
        for (std::size_t i = 0; i < 3; ++i) {
            REQUIRE(columns[i].sample == columns[3 + i].sample);
            ++counts[{columns[i].label, columns[3 + i].label}];
        }
    }
    CHECK(counts.size() == 4 * 3);
    for (const auto& [pair, count] : counts) {
        CHECK(pair.first != pair.second);
        // Five standard errors of a twelfth of the draws.
        CHECK(std::abs(count - epochs / 4) < 5 * std::sqrt(epochs / 4.0));
    }
    // To the next layer go a sample and all its copies, to places of their own.
    const Task pass{.phase = Phase::propagate, .layer = 0, .part = 0};
    std::set<std::size_t> places;
    for (const Column& column : selection.columns(pass)) {
        places.insert(selection.place(column));
    }
    CHECK(places.size() == 103 * 5);
    CHECK(*places.rbegin() == 103 * 5 - 1);
}
