// Data sets that need no file.
#include "daemon/training/data/digits.hpp"
#include "daemon/training/data/exclusive_or.hpp"
#include "daemon/training/data/load.hpp"
#include "daemon/training/read_out.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>

using namespace phyll;
using namespace phyll::training;
using Catch::Matchers::Contains;

namespace {

DataFile no_file(const std::string& path) {
    throw Error(Code::not_found, path);
}

SplitData load(const v1::DataSpec& spec, std::uint64_t seed = 1) {
    return load_data(spec, seed, no_file);
}

v1::DataSpec kind(const char* name) {
    v1::DataSpec spec;
    spec.set_kind(name);
    return spec;
}

SampleRows rows(const DataSet& data, std::size_t first, std::size_t count) {
    return {data.features(), count, [&data, first](std::size_t i, std::span<float> into) {
                data.inputs.read(first + i, into);
            }};
}

double accuracy(const SplitData& task, ReadOutKind which) {
    const DataSet& data = task.data;
    const std::size_t training = task.split.training.size();
    const std::size_t test = task.split.test.size();
    const std::span<const std::uint32_t> labels(data.labels);
    const ReadOut read_out = fit_read_out(rows(data, 0, training), labels.first(training),
                                          data.classes(), {.kind = which, .regularisation = 1e-3});
    return static_cast<double>(
               read_out.count_hits(rows(data, training, test), labels.subspan(training))) /
           static_cast<double>(test);
}

} // namespace

TEST_CASE("a drawn digit depends on seed and index alone") {
    const SplitData few = drawn_digits(1, 30, 10);
    const SplitData many = drawn_digits(1, 50, 20);
    const SplitData other = drawn_digits(2, 30, 10);
    REQUIRE(few.data.features() == 784);
    REQUIRE(few.data.classes() == 10);
    REQUIRE(many.split.training.size() == 50);
    REQUIRE(many.split.test.front() == 50);
    std::size_t same = 0;
    for (std::size_t i = 0; i < 40; ++i) {
        CHECK(few.data.inputs.sample(i) == many.data.inputs.sample(i));
        CHECK(few.data.labels[i] == i % 10);
        same += few.data.inputs.sample(i) == other.data.inputs.sample(i) ? 1U : 0U;
    }
    CHECK(same == 0);
}

TEST_CASE("drawn digits are ink on paper, inside the picture, each another") {
    const DataSet data = drawn_digits(3, 200, 0).data;
    for (std::size_t i = 0; i < data.samples(); ++i) {
        const std::vector<float> image = data.inputs.sample(i);
        CHECK(std::ranges::all_of(image, [](float v) { return v >= 0.0F && v <= 1.0F; }));
        const auto ink = std::ranges::count_if(image, [](float v) { return v > 0.5F; });
        CHECK(ink > 10);
        CHECK(ink < 300);
        // Little of it lies on the edge.
        const auto edge =
            std::count_if(image.begin(), image.begin() + 28, [](float v) { return v > 0.5F; });
        CHECK(edge < 6);
        CHECK((i < 10 || data.inputs.sample(i - 10) != image));
    }
}

TEST_CASE("drawn digits are told apart by a linear read-out, but not by far all of them") {
    const double ridge = accuracy(drawn_digits(1, 1500, 1000), ReadOutKind::ridge);
    CAPTURE(ridge);
    CHECK(ridge > 0.6);
    CHECK(ridge < 0.95);
}

TEST_CASE("exclusive or has four combinations of two inputs, and rest elsewhere") {
    const SplitData task = exclusive_or({.inputs = 6, .pair = {{4, 1}}}, 1, 80, 40);
    CHECK(task.data.features() == 6);
    CHECK(task.split.training.size() == 80);
    CHECK(task.split.test.back() == 119);
    std::array<int, 4> combinations{};
    for (std::size_t i = 0; i < task.data.samples(); ++i) {
        const std::vector<float> x = task.data.inputs.sample(i);
        for (const std::size_t k : {0U, 2U, 3U, 5U}) {
            CHECK(x[k] == 0.5F);
        }
        for (const std::size_t k : {1U, 4U}) {
            CHECK(std::abs(std::abs(x[k] - 0.5F) - 0.25F) <= 0.05F);
        }
        const bool first = x[4] > 0.5F;
        const bool second = x[1] > 0.5F;
        CHECK(task.data.labels[i] == (first != second ? 1U : 0U));
        ++combinations[(first ? 1U : 0U) + (second ? 2U : 0U)];
    }
    CHECK(combinations == std::array<int, 4>{30, 30, 30, 30});
    CHECK(exclusive_or({.inputs = 6, .pair = {{4, 1}}}, 1, 8, 0).data.inputs.sample(5) ==
          task.data.inputs.sample(5));
}

TEST_CASE("no linear read-out of its inputs solves exclusive or, one of their product does") {
    const SplitData task = exclusive_or({}, 2, 400, 400);
    const double linear = accuracy(task, ReadOutKind::ridge);
    CAPTURE(linear);
    CHECK(std::abs(linear - 0.5) < 0.1);
    OwnedBlock products(1, 800);
    for (std::size_t i = 0; i < 800; ++i) {
        float product = 1.0F;
        for (const float x : task.data.inputs.sample(i)) {
            product *= x == 0.5F ? 1.0F : x - 0.5F;
        }
        products.sample(i)[0] = product;
    }
    SplitData easy = task;
    easy.data.inputs = Samples(std::move(products));
    CHECK(accuracy(easy, ReadOutKind::ridge) == 1.0);
}

TEST_CASE("the pair is drawn by the seed or given") {
    std::vector<std::vector<std::size_t>> pairs;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const std::vector<float> x = exclusive_or({}, seed, 4, 0).data.inputs.sample(0);
        std::vector<std::size_t>& pair = pairs.emplace_back();
        for (std::size_t k = 0; k < x.size(); ++k) {
            if (x[k] != 0.5F) {
                pair.push_back(k);
            }
        }
        REQUIRE(pair.size() == 2);
    }
    std::ranges::sort(pairs);
    CHECK(std::ranges::unique(pairs).begin() - pairs.begin() > 10);
}

TEST_CASE("built-in sets have sizes of their own, and take others") {
    CHECK(load(kind("vowels")).split.training.size() == 420);
    CHECK(load(kind("vowels")).split.test.size() == 2100);
    CHECK(load(kind("xor")).split.training.size() == 400);
    CHECK(load(kind("xor")).split.test.size() == 400);
    CHECK(load(kind("xor")).data.features() == 20);
    v1::DataSpec spec = kind("digits");
    spec.set_training_samples(20);
    spec.set_test_samples(10);
    CHECK(load(spec).split.training.size() == 20);
    CHECK(load(spec).data.label_entries == 10);
    spec.set_test_samples(9);
    CHECK_THROWS_WITH(load(spec), Contains("data.test_samples: 9; digits need at least 10, or 0 "
                                           "for 2000"));
    spec = kind("vowels");
    spec.set_training_samples(6);
    CHECK_THROWS_WITH(load(spec), Contains("data.training_samples: 6; vowels need at least 7"));
    spec.set_training_samples(0);
    CHECK(load(spec).split.training.size() == 420);
}

TEST_CASE("what is wrong with a request for exclusive or is said with its field") {
    v1::DataSpec spec = kind("xor");
    spec.set_inputs(1);
    CHECK_THROWS_WITH(load(spec), Contains("data.inputs"));
    spec.set_inputs(5);
    for (const std::vector<std::uint32_t>& pair :
         {std::vector<std::uint32_t>{1}, {1, 1}, {0, 5}, {0, 1, 2}}) {
        spec.mutable_pair()->Assign(pair.begin(), pair.end());
        CHECK_THROWS_WITH(load(spec), Contains("data.pair") && Contains("from 0 to 4"));
    }
    const std::array<std::uint32_t, 2> good{4, 0};
    spec.mutable_pair()->Assign(good.begin(), good.end());
    CHECK(load(spec).data.inputs.sample(0)[4] != 0.5F);
}
