#include "tests/unit/journal/journals.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <limits>

using namespace phyll;
using namespace phyll::journal;
using namespace phyll::journal::test;
using Catch::Matchers::Contains;
using phyll::test::TempDir;

TEST_CASE("facts come back as they were, in every storage format") {
    const TempDir dir;
    const Header header = every_format();
    const WriterOptions options = options_in(dir.path(), header);
    const SystemClock clock;
    std::vector<OwnedFacts> all;
    {
        Writer writer(options, clock);
        for (std::uint32_t rig = 0; rig < header.rigs.size(); ++rig) {
            for (const std::size_t samples : {1U, 3U, 100U}) {
                all.push_back(some_facts(header, rig, 1000 * samples, samples));
                writer.append(all.back().view());
            }
        }
        all.push_back(some_facts(header, 3, 5, 4));
        all.back().times.clear();
        all.back().purpose = Purpose::sentinel;
        all.back().layer = no_layer;
        writer.append(all.back().view());
        all.push_back(some_facts(header, 3, 9, 4));
        all.back().times.resize(1);
        writer.append(all.back().view());
    }
    const Reader reader(options.path);
    CHECK(reader.torn_bytes() == 0);
    CHECK(reader.closed());
    REQUIRE(reader.size() == all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        require_same(std::get<FactsView>(reader.record(i)), all[i]);
    }
}

TEST_CASE("float32 keeps every bit, and is read in place") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    OwnedFacts facts = some_facts(options.header, 0, 0, 2);
    const std::vector<float> odd{-0.0F, std::numeric_limits<float>::denorm_min(), INFINITY,
                                 std::nanf("5")};
    std::ranges::copy(odd, facts.responses.view().data());
    {
        const SystemClock clock;
        Writer writer(options, clock);
        writer.append(facts.view());
    }
    const Reader reader(options.path);
    const auto view = std::get<FactsView>(reader.record(0));
    const std::span<const std::byte> bytes = view.response_bytes(0);
    CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 == 0);
    REQUIRE(bytes.size() == 8);
    CHECK(std::memcmp(bytes.data(), odd.data(), odd.size() * sizeof(float)) == 0);
}

TEST_CASE("a header comes back as it was") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), every_format());
    static_cast<void>(write_small(options));
    const Reader reader(options.path);
    CHECK_NOTHROW(check_matches(reader.header(), options.header, options.path));
    CHECK(reader.header().run == "7");
    CHECK(reader.header().seed == 42);
    CHECK(reader.header().configuration_hash == options.header.configuration_hash);
    CHECK(reader.header().kernel_level == "x86-64-v3");
    REQUIRE(reader.header().rigs.size() == 4);
    CHECK(reader.header().rigs[2].name == "u16");
    CHECK(reader.header().rigs[2].kind == "echo");
    CHECK(reader.header().rigs[2].n_out == 9);
    CHECK(reader.header().rigs[2].response_storage.scale == 10.0 / 65535);
}

TEST_CASE("what the instrument gave and marks come back as they were") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), one_rig());
    const std::vector<std::byte> sweep(1001, std::byte{0x5a});
    const Clock::Wall time{std::chrono::seconds(1'700'000'000)};
    {
        const SystemClock clock;
        Writer writer(options, clock);
        writer.append(Raw{.rig = 0,
                          .purpose = Purpose::evaluation,
                          .first_number = 17,
                          .samples = 5,
                          .type = "complex64 sweep",
                          .bytes = sweep});
        writer.append(Raw{});
        writer.append(Mark{.kind = MarkKind::perturbed,
                           .rig = 0,
                           .number = 22,
                           .era = 1,
                           .value = 0.05,
                           .time = time,
                           .text = "by the run file"});
        writer.append(Mark{});
    }
    const Reader reader(options.path);
    REQUIRE(reader.size() == 4);
    const auto raw = std::get<Raw>(reader.record(0));
    CHECK(raw.purpose == Purpose::evaluation);
    CHECK(raw.first_number == 17);
    CHECK(raw.samples == 5);
    CHECK(raw.type == "complex64 sweep");
    CHECK(std::ranges::equal(raw.bytes, sweep));
    CHECK(std::get<Raw>(reader.record(1)).bytes.empty());
    const auto mark = std::get<Mark>(reader.record(2));
    CHECK(mark.kind == MarkKind::perturbed);
    CHECK(mark.rig == 0);
    CHECK(mark.number == 22);
    CHECK(mark.era == 1);
    CHECK(mark.value == 0.05);
    CHECK(mark.time == time);
    CHECK(mark.text == "by the run file");
    CHECK(std::get<Mark>(reader.record(3)).rig == no_rig);
    CHECK(std::get<Mark>(reader.record(3)).text.empty());
}

TEST_CASE("what measurements were of comes back as it was") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), every_format());
    const std::vector<Origin> origins{
        {.sample = 7, .label = 0}, {.sample = 8, .label = no_label}, {}};
    {
        const SystemClock clock;
        Writer writer(options, clock);
        writer.append(Origins{.rig = 3,
                              .purpose = Purpose::evaluation,
                              .first_number = 40,
                              .split = Split::test,
                              .samples = origins});
        writer.append(Origins{.samples = std::span(origins).first(1)});
    }
    const Reader reader(options.path);
    REQUIRE(reader.size() == 2);
    const auto view = std::get<OriginsView>(reader.record(0));
    CHECK(view.rig == 3);
    CHECK(view.purpose == Purpose::evaluation);
    CHECK(view.first_number == 40);
    CHECK(view.split == Split::test);
    REQUIRE(view.samples == 3);
    for (std::size_t i = 0; i < origins.size(); ++i) {
        CHECK(view.origin(i) == origins[i]);
    }
    CHECK(std::get<OriginsView>(reader.record(1)).split == Split::training);
}

TEST_CASE("what contradicts itself or the header is refused, and nothing of it is kept") {
    const TempDir dir;
    const WriterOptions options = options_in(dir.path(), every_format());
    const SystemClock clock;
    Writer writer(options, clock);
    const Position end = writer.end();
    const OwnedFacts good = some_facts(options.header, 1, 0, 2);
    const auto refused = [&](const Facts& facts) {
        try {
            writer.append(facts);
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string("taken");
    };
    Facts facts = good.view();
    facts.rig = 4;
    CHECK_THAT(refused(facts), Contains("rig: 4; valid is 0 to 3"));
    facts.rig = 0;
    CHECK_THAT(refused(facts), Contains("stimuli.channels: 5; valid is 11"));
    facts = good.view();
    facts.hashes = facts.hashes.first(1);
    CHECK_THAT(refused(facts), Contains("hashes: 1; valid is 2"));
    facts = good.view();
    facts.responses = facts.responses.slice(0, 1);
    CHECK_THAT(refused(facts), Contains("responses.samples: 1; valid is 2"));
    facts = good.view();
    facts.first_number = UINT64_MAX;
    CHECK_THAT(refused(facts), Contains("first_number"));
    facts = good.view();
    facts.stimuli = facts.stimuli.slice(0, 0);
    CHECK_THAT(refused(facts), Contains("stimuli: 0 samples"));
    OwnedFacts wrong = good;
    wrong.responses.sample(1)[2] = 0.3F;
    CHECK_THAT(refused(wrong.view()), Contains("0.3") && Contains("channel 2"));
    CHECK(code_of([&] { writer.append(Raw{.rig = 9}); }) == Code::invalid_argument);
    CHECK(code_of([&] { writer.append(Mark{.rig = 9}); }) == Code::invalid_argument);
    CHECK(code_of([&] { writer.append(Mark{.kind = static_cast<MarkKind>(7)}); }) ==
          Code::invalid_argument);
    const std::vector<Origin> origins(2);
    const auto origins_refused = [&](const Origins& of) {
        return code_of([&] { writer.append(of); }) == Code::invalid_argument;
    };
    CHECK(origins_refused({}));
    CHECK(origins_refused({.rig = 4, .samples = origins}));
    CHECK(origins_refused({.first_number = UINT64_MAX - 1, .samples = origins}));
    CHECK(origins_refused({.split = static_cast<Split>(2), .samples = origins}));
    CHECK(origins_refused({.purpose = static_cast<Purpose>(purposes), .samples = origins}));
    CHECK(writer.end() == end);
}

TEST_CASE("a header that can be of no journal is refused by field") {
    const TempDir dir;
    const SystemClock clock;
    WriterOptions options = options_in(dir.path(), one_rig());
    options.header.rigs[0].n_out = 0;
    CHECK_THROWS_WITH(Writer(options, clock), Contains("rigs[0].n_out: 0; valid is 1 to"));
    options.header.rigs.clear();
    CHECK_THROWS_WITH(Writer(options, clock), Contains("rigs: 0; valid is 1 to"));
    options.header = one_rig();
    options.header.rigs[0].response_storage = {.kind = StorageFormat::Kind::u8, .scale = 0.0};
    CHECK_THROWS_WITH(Writer(options, clock), Contains("rigs[0]") && Contains("scale"));
    CHECK(std::filesystem::is_empty(dir.path()));
}
