#include "daemon/training/data/data_set.hpp"
#include "daemon/training/data/load.hpp"
#include "daemon/training/data/vowels.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/data_files.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

using namespace phyll;
using namespace phyll::training;
using Catch::Matchers::Contains;

namespace {

/// 258 labels in three classes of unequal size.
std::vector<std::uint32_t> uneven_labels() {
    std::vector<std::uint32_t> labels(258, 0);
    std::fill(labels.begin() + 100, labels.begin() + 251, 1U);
    std::fill(labels.begin() + 251, labels.end(), 2U);
    return labels;
}

struct Correlation {
    double mean_x, mean_y, xx, yy, xy;
};

/// Correlation of two features within class 0.
double correlation(const DataSet& data, std::size_t x, std::size_t y) {
    double n = 0;
    Correlation sum{};
    for (std::size_t i = 0; i < data.samples(); ++i) {
        if (data.labels[i] == 0) {
            const double a = static_cast<double>(data.inputs.sample(i)[x]);
            const double b = static_cast<double>(data.inputs.sample(i)[y]);
            n += 1;
            sum.mean_x += a;
            sum.mean_y += b;
            sum.xx += a * a;
            sum.yy += b * b;
            sum.xy += a * b;
        }
    }
    const double covariance = sum.xy / n - sum.mean_x / n * sum.mean_y / n;
    const double var_x = sum.xx / n - sum.mean_x / n * sum.mean_x / n;
    const double var_y = sum.yy / n - sum.mean_y / n * sum.mean_y / n;
    return covariance / std::sqrt(var_x * var_y);
}

v1::DataSpec csv_spec() {
    v1::DataSpec spec;
    spec.set_kind("csv");
    spec.set_file("two.csv");
    spec.set_label("vowel");
    spec.set_test_fraction(0.5);
    return spec;
}

std::string read_two(const std::string& path) {
    REQUIRE(path == "two.csv");
    return "F1,vowel\n1,a\n2,a\n3,b\n4,b\n";
}

} // namespace

TEST_CASE("a split keeps every sample once and every class's share") {
    const std::vector<std::uint32_t> labels = uneven_labels();
    const Split split = stratified_split(labels, 3, 0.2, 1);
    CHECK(split.training.size() == 206);
    CHECK(split.test.size() == 52);
    std::set<std::uint32_t> all(split.training.begin(), split.training.end());
    all.insert(split.test.begin(), split.test.end());
    CHECK(all.size() == labels.size());
    std::array<int, 3> tested{};
    for (const std::uint32_t i : split.test) {
        ++tested[labels[i]];
    }
    // 20, 30.2 and 1.4: the place left over goes to the largest remainder.
    CHECK(tested == std::array<int, 3>{20, 30, 2});
}

TEST_CASE("a split is fixed by its seed") {
    const std::vector<std::uint32_t> labels = uneven_labels();
    const Split one = stratified_split(labels, 3, 0.2, 1);
    const Split again = stratified_split(labels, 3, 0.2, 1);
    const Split two = stratified_split(labels, 3, 0.2, 2);
    CHECK(one.training == again.training);
    CHECK(one.test == again.test);
    CHECK(one.test != two.test);
}

TEST_CASE("every class is on both sides of a split, however small") {
    const std::vector<std::uint32_t> labels{0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
    for (const double fraction : {0.01, 0.5, 0.99}) {
        const Split split = stratified_split(labels, 2, fraction, 1);
        for (const std::uint32_t label : {0U, 1U}) {
            const auto is = [&](std::uint32_t i) { return labels[i] == label; };
            CHECK(std::ranges::any_of(split.training, is));
            CHECK(std::ranges::any_of(split.test, is));
        }
    }
    CHECK_THROWS_WITH(stratified_split(std::vector<std::uint32_t>{0, 0, 1}, 2, 0.5, 1),
                      Contains("at least two"));
    CHECK_THROWS_WITH(stratified_split(labels, 2, 1.0, 1), Contains("data.test_fraction"));
}

TEST_CASE("synthetic vowels have the published statistics") {
    const DataSet data = synthetic_vowels(1, 14'000, 0).data;
    REQUIRE(data.features() == 12);
    REQUIRE(data.class_names == std::vector<std::string>{"ae", "ah", "aw", "er", "ih", "iy", "uw"});
    // Of ae: F1, F2, F3 in the steady state and F1 at 50 %; of iy: F3 at 80 %.
    struct Published {
        std::uint32_t vowel;
        std::size_t feature;
        double mean, deviation;
    };
    const std::array<Published, 5> published{{{0, 0, 662, 47},
                                              {0, 1, 2362, 127},
                                              {0, 2, 2979, 190},
                                              {0, 6, 745, 55},
                                              {5, 11, 3314, 255}}};
    for (const Published& p : published) {
        constexpr double n = 2000;
        double mean = 0;
        double square = 0;
        for (std::size_t i = 0; i < data.samples(); ++i) {
            if (data.labels[i] == p.vowel) {
                const double value = static_cast<double>(data.inputs.sample(i)[p.feature]);
                REQUIRE(value == std::round(value));
                mean += value / n;
                square += (value - p.mean) * (value - p.mean) / n;
            }
        }
        // Five standard errors.
        CHECK(std::abs(mean - p.mean) < 5 * p.deviation / std::sqrt(n));
        CHECK(std::abs(std::sqrt(square) - p.deviation) < 5 * p.deviation / std::sqrt(2 * n));
    }
    const double margin = 5 / std::sqrt(2000.0);
    CHECK(correlation(data, 0, 3) == Approx(0.8).margin(margin));        // F1 at two times
    CHECK(correlation(data, 0, 1) == Approx(0.8 * 0.2).margin(margin));  // F1 and F2
    CHECK(correlation(data, 0, 2) == Approx(0.8 * 0.15).margin(margin)); // F1 and F3
    CHECK(correlation(data, 1, 2) == Approx(0.8 * 0.4).margin(margin));  // F2 and F3
}

TEST_CASE("a synthetic vowel depends on seed and index alone") {
    const SplitData few = synthetic_vowels(1, 70, 7);
    const SplitData many = synthetic_vowels(1, 420, 2100);
    const SplitData other = synthetic_vowels(2, 70, 7);
    CHECK(many.split.training.size() == 420);
    CHECK(many.split.test.size() == 2100);
    CHECK(few.split.test.front() == 70);
    for (std::size_t i = 0; i < few.data.samples(); ++i) {
        CHECK(std::ranges::equal(few.data.inputs.sample(i), many.data.inputs.sample(i)));
        CHECK(few.data.labels[i] == many.data.labels[i]);
    }
    CHECK_FALSE(std::ranges::equal(few.data.inputs.sample(0), other.data.inputs.sample(0)));
    std::array<int, 7> per_class{};
    for (const std::uint32_t i : many.split.test) {
        ++per_class[many.data.labels[i]];
    }
    CHECK(per_class == std::array<int, 7>{300, 300, 300, 300, 300, 300, 300});
}

TEST_CASE("data are loaded by kind") {
    v1::DataSpec vowels;
    vowels.set_kind("vowels");
    vowels.set_training_samples(14);
    vowels.set_test_samples(21);
    vowels.set_label_entries(8);
    const SplitData synthetic = load_data(vowels, 1, read_two);
    CHECK(synthetic.data.samples() == 35);
    CHECK(synthetic.data.label_entries == 8);

    const SplitData file = load_data(csv_spec(), 1, read_two);
    CHECK(file.data.name == "two.csv");
    CHECK(file.split.training.size() == 2);
    CHECK(file.split.test.size() == 2);
    CHECK(file.data.label_entries == 2);
}

TEST_CASE("a table that gzip packed is read like a plain one") {
    const auto read = [](const std::string& path) {
        return DataFile(phyll::test::gzip(read_two(path)));
    };
    const SplitData plain = load_data(csv_spec(), 1, read_two);
    const SplitData packed = load_data(csv_spec(), 1, read);
    CHECK(packed.data.labels == plain.data.labels);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(packed.data.inputs.sample(i) == plain.data.inputs.sample(i));
    }
    const auto read_half = [&](const std::string& path) {
        const std::string whole = phyll::test::gzip(read_two(path));
        return DataFile(whole.substr(0, whole.size() / 2));
    };
    CHECK_THROWS_WITH(load_data(csv_spec(), 1, read_half),
                      Contains("two.csv, byte ") && Contains("middle of what gzip packed"));
}

TEST_CASE("a file of text has a size limit, before and after unpacking") {
    const std::string content(200'000, 'a');
    CHECK(DataFile(content).text("a.csv", 200'000) == content);
    CHECK(DataFile(phyll::test::gzip(content)).text("a.csv", 200'000) == content);
    CHECK_THROWS_WITH(DataFile(content).text("a.csv", 199'999),
                      Contains("a.csv has 200000 bytes") && Contains("199999 at most"));
    CHECK_THROWS_WITH(DataFile(phyll::test::gzip(content)).text("a.csv", 1000),
                      Contains("a.csv has more than 1000 bytes"));
}

TEST_CASE("what is wrong with a data spec is said with its field") {
    v1::DataSpec spec = csv_spec();
    spec.set_kind("cvs");
    CHECK_THROWS_WITH(load_data(spec, 1, read_two),
                      Contains("data.kind") && Contains("'cvs'") &&
                          Contains("'csv', 'digits', 'idx', 'numpy', 'vowels', 'xor'"));
    spec = csv_spec();
    spec.clear_file();
    CHECK_THROWS_WITH(load_data(spec, 1, read_two), Contains("data.file"));
    spec = csv_spec();
    spec.clear_label();
    CHECK_THROWS_WITH(load_data(spec, 1, read_two), Contains("data.label"));
    spec = csv_spec();
    spec.set_label_entries(1);
    CHECK_THROWS_WITH(load_data(spec, 1, read_two),
                      Contains("data.label_entries") && Contains("at least 2"));
    spec = csv_spec();
    spec.set_training_samples(3);
    CHECK_THROWS_WITH(load_data(spec, 1, read_two),
                      Contains("data.training_samples: 3; two.csv has 2 samples to train on"));
}
