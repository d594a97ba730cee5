#include "drivers/core/journal/fact_index.hpp"
#include "tests/unit/journal/journals.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using namespace phyll::journal;
using namespace phyll::journal::test;
using phyll::test::TempDir;

namespace {

using Place = FactIndex::Place;

/// Which record answers for a number; -1: none.
int record_of(const FactIndex& index, std::uint64_t number) {
    const auto fact = index.find(0, Purpose::training, number);
    return fact ? static_cast<int>(fact->facts.era) : -1;
}

} // namespace

TEST_CASE("a fact is found by rig, purpose and number") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), every_format());
    const SystemClock clock;
    OwnedFacts training = some_facts(options.header, 1, 10, 4);
    OwnedFacts sentinel = some_facts(options.header, 1, 12, 1, 2);
    sentinel.purpose = Purpose::sentinel;
    {
        Writer writer(options, clock);
        writer.append(Mark{});
        writer.append(training.view());
        writer.append(sentinel.view());
    }
    const Reader reader(options.path);
    const FactIndex index(reader);
    for (std::uint64_t number = 0; number < 20; ++number) {
        const auto fact = index.find(1, Purpose::training, number);
        REQUIRE(fact.has_value() == (number >= 10 && number < 14));
        if (fact) {
            std::vector<float> y(7);
            fact->facts.read_response(fact->sample, y);
            CHECK(std::ranges::equal(y, training.responses.sample(number - 10)));
        }
    }
    const auto fact = index.find(1, Purpose::sentinel, 12);
    REQUIRE(fact);
    CHECK(fact->facts.hash(fact->sample) == sentinel.hashes[0]);
    CHECK_FALSE(index.find(1, Purpose::evaluation, 12));
    CHECK_FALSE(index.find(0, Purpose::training, 12));
    CHECK_FALSE(index.find(1, Purpose::training, UINT64_MAX));
}

TEST_CASE("of several facts with one number the first counts, in whatever order they came") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const SystemClock clock;
    const KeyedRandom random(1, "blocks");
    constexpr int blocks = 60;
    std::vector<int> expected(200, -1);
    {
        Writer writer(options, clock);
        for (int i = 0; i < blocks; ++i) {
            const std::uint64_t first = random.below(180, static_cast<std::uint64_t>(i), 0);
            const std::uint64_t samples = 1 + random.below(12, static_cast<std::uint64_t>(i), 1);
            OwnedFacts facts = some_facts(options.header, 0, first, samples);
            facts.era = static_cast<std::uint32_t>(i);
            writer.append(facts.view());
            for (std::uint64_t number = first; number < first + samples; ++number) {
                if (expected[number] < 0) {
                    expected[number] = i;
                }
            }
        }
    }
    const Reader reader(options.path);
    const FactIndex index(reader);
    for (std::uint64_t number = 0; number < expected.size(); ++number) {
        CAPTURE(number);
        REQUIRE(record_of(index, number) == expected[number]);
        if (const auto fact = index.find(0, Purpose::training, number)) {
            REQUIRE(fact->facts.first_number + fact->sample == number);
        }
    }
}

TEST_CASE("facts are found by what the device was told in an era, in the order of measuring") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), every_format());
    const SystemClock clock;
    OwnedFacts a = some_facts(options.header, 3, 0, 3);
    OwnedFacts b = some_facts(options.header, 3, 3, 3);
    OwnedFacts c = some_facts(options.header, 3, 6, 3);
    OwnedFacts other_rig = some_facts(options.header, 2, 0, 3);
    const StimulusHash hash = a.hashes[1];
    b.hashes[0] = b.hashes[2] = hash;
    b.purpose = Purpose::evaluation;
    c.hashes[0] = other_rig.hashes[0] = hash;
    c.era = 4;
    {
        Writer writer(options, clock);
        for (const OwnedFacts* facts : {&a, &b, &c, &other_rig}) {
            writer.append(facts->view());
        }
    }
    const Reader reader(options.path);
    const FactIndex index(reader);
    CHECK(index.find(3, 3, hash) == std::vector<Place>{{0, 1}, {1, 0}, {1, 2}});
    CHECK(index.find(3, 4, hash) == std::vector<Place>{{2, 0}});
    CHECK(index.find(2, 3, hash) == std::vector<Place>{{3, 0}});
    CHECK(index.find(3, 5, hash).empty());
    CHECK(index.find(3, 3, StimulusHash{}).empty());
    const Fact fact = index.fact({1, 2});
    CHECK(fact.facts.first_number == 3);
    CHECK(fact.sample == 2);
}
