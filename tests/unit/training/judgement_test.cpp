#include "daemon/training/judgement.hpp"
#include "drivers/core/error.hpp"
#include "tests/unit/training/laboratory.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <memory>
#include <numeric>
#include <vector>

using namespace phyll;
using namespace phyll::training;
using namespace phyll::training::test;

namespace {

std::uint64_t sum_of(const std::vector<std::uint64_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

} // namespace

TEST_CASE("a judgement counts what each class was taken for") {
    JudgementCounter counter(3);
    CHECK(counter.add(0, std::vector<float>{0.9F, 0.1F, 0.2F}));
    CHECK_FALSE(counter.add(0, std::vector<float>{0.1F, 0.2F, 0.9F}));
    CHECK_FALSE(counter.add(2, std::vector<float>{0.5F, 0.5F, 0.5F})); // the first of the largest
    CHECK(counter.add(1, std::vector<float>{-3.0F, -1.0F, -2.0F}));
    CHECK(counter.hits() == 2);
    const TestJudgement judgement = counter.judgement().value();
    CHECK(judgement.classes == 3);
    CHECK(judgement.confusion == std::vector<std::uint64_t>{1, 0, 1, 0, 1, 0, 1, 0, 0});
    CHECK_FALSE(judgement.own);
    CHECK_FALSE(judgement.best_other);
    counter.clear();
    CHECK(counter.hits() == 0);
    CHECK(sum_of(counter.judgement()->confusion) == 0);
}

TEST_CASE("a judgement by goodness bins the own label and the best of the others") {
    JudgementCounter counter(3, JudgementCounter::Range{-2.0, 2.0});
    // Bins are 0.05 wide: 1.01 is in the 61st, -0.01 in the 40th.
    counter.add(1, std::vector<float>{-0.01F, 1.01F, -1.9F});
    // Beyond the ends, and no number at all.
    counter.add(0, std::vector<float>{7.0F, -9.0F, -8.0F});
    counter.add(2, std::vector<float>{0.0F, 0.0F, std::numeric_limits<float>::quiet_NaN()});
    const TestJudgement judgement = counter.judgement().value();
    const Histogram& own = judgement.own.value();
    const Histogram& other = judgement.best_other.value();
    CHECK(own.least == -2.0);
    CHECK(own.most == 2.0);
    REQUIRE(own.counts.size() == JudgementCounter::bins);
    REQUIRE(other.counts.size() == JudgementCounter::bins);
    CHECK(own.counts[60] == 1);
    CHECK(own.counts.back() == 1);
    CHECK(own.counts.front() == 1);
    CHECK(other.counts[39] == 1);
    CHECK(other.counts.front() == 1);
    CHECK(other.counts[40] == 1);
    CHECK(sum_of(own.counts) == 3);
    CHECK(sum_of(other.counts) == 3);
}

TEST_CASE("of too many classes only the hits are counted") {
    constexpr std::size_t classes = JudgementCounter::most_classes + 1;
    JudgementCounter counter(classes, JudgementCounter::Range{-1.0, 1.0});
    std::vector<float> scores(classes);
    scores.back() = 1.0F;
    CHECK(counter.add(classes - 1, scores));
    CHECK(counter.hits() == 1);
    CHECK_FALSE(counter.judgement());
    CHECK(counter.save("judged").values.size() == 2);
}

TEST_CASE("what was judged is stored and goes on") {
    JudgementCounter counter(2, JudgementCounter::Range{-1.0, 1.0});
    counter.add(0, std::vector<float>{0.5F, 0.1F});
    const std::vector<NamedArray> stored{counter.save("judged")};
    JudgementCounter other(2, JudgementCounter::Range{-1.0, 1.0});
    other.restore(ArrayReader(stored), "judged");
    other.add(1, std::vector<float>{0.5F, 0.1F});
    counter.add(1, std::vector<float>{0.5F, 0.1F});
    CHECK(other.judgement() == counter.judgement());
    JudgementCounter third(3);
    CHECK_THROWS_AS(third.restore(ArrayReader(stored), "judged"), Error);
    CHECK(third.hits() == 0);
}

TEST_CASE("a read-out says how it judged the test split, however its steps were interrupted") {
    phyll::v1::RunSpec spec = complete_spec(1);
    spec.mutable_scheme()->set_kind("ridge");
    const SplitData data = synthetic_vowels(1, 140, 1500); // tested in two steps
    const std::unique_ptr<Scheme> whole = make_read_out(spec, data);
    REQUIRE(whole->steps() == 3);
    Runner runner;
    runner.run(*whole, 0, 2);
    const std::vector<NamedArray> halfway = whole->state();
    runner.run(*whole, 2, 3);
    const Record& record = runner.record();
    const TestJudgement judgement = record.reports.back().test_judgement.value();
    REQUIRE(judgement.classes == data.data.classes());
    REQUIRE(sum_of(judgement.confusion) == data.split.test.size());
    std::uint64_t right = 0;
    for (std::size_t k = 0; k < judgement.classes; ++k) {
        right += judgement.confusion[k * judgement.classes + k];
    }
    CHECK(static_cast<double>(right) / static_cast<double>(data.split.test.size()) ==
          record.reports.back().test_accuracy);
    CHECK_FALSE(record.reports[0].test_judgement);
    CHECK_FALSE(record.reports[1].test_judgement);

    const std::unique_ptr<Scheme> resumed = make_read_out(spec, data);
    resumed->restore(halfway);
    Runner other;
    other.run(*resumed, 2, 3);
    CHECK(other.record().reports.back().test_judgement == judgement);
}
