#include "tests/unit/journal/journals.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <variant>

using namespace phyll;
using namespace phyll::journal;
using namespace phyll::journal::test;
using phyll::test::TempDir;

namespace {

/// A journal, and what should be in it.
class Model {
  public:
    Model(const std::filesystem::path& folder, std::uint64_t seed)
        : random_(seed, "records"), options_(options_in(folder, every_format())), seed_(seed) {
        reopen();
    }

    void step(std::uint64_t number) {
        const std::uint64_t what = random_.below(100, number, 0);
        if (what < 60) {
            const auto rig = static_cast<std::uint32_t>(random_.below(4, number, 1));
            OwnedFacts facts =
                some_facts(options_.header, rig, number, 1 + random_.below(20, number, 2), seed_);
            facts.times.resize(random_.below(2, number, 3) * facts.times.size());
            const Position end = writer_->append(facts.view());
            keep(end, std::move(facts));
        } else if (what < 75) {
            std::vector<std::byte> bytes(random_.below(50, number, 1), std::byte{0xff});
            const Position end = writer_->append(
                Raw{.rig = 1, .first_number = number, .type = "record", .bytes = bytes});
            keep(end, std::move(bytes));
        } else if (what < 82) {
            std::vector<Origin> origins(1 + random_.below(20, number, 1));
            for (std::size_t i = 0; i < origins.size(); ++i) {
                origins[i].sample = static_cast<std::uint32_t>(random_.bits(number, 2 + i));
            }
            const Position end =
                writer_->append(Origins{.rig = 2, .first_number = number, .samples = origins});
            keep(end, std::move(origins));
        } else if (what < 90) {
            std::string text(random_.below(20, number, 1), 'x');
            const Position end = writer_->append(Mark{.number = number, .text = text});
            keep(end, std::move(text));
        } else if (what < 95) {
            writer_->sync_through(writer_->end());
        } else if (what < 98) {
            lose_power(number);
        } else {
            reopen();
        }
    }

    void check() {
        writer_->close();
        writer_.reset();
        const Reader reader(options_.path);
        REQUIRE(reader.torn_bytes() == 0);
        REQUIRE(reader.size() == expected_.size());
        for (std::size_t i = 0; i < expected_.size(); ++i) {
            CAPTURE(i);
            require_record(reader.record(i), expected_[i].second);
        }
    }

  private:
    using Content =
        std::variant<OwnedFacts, std::vector<std::byte>, std::string, std::vector<Origin>>;

    void keep(Position end, Content content) { expected_.emplace_back(end, std::move(content)); }

    static void require_record(const RecordView& found, const Content& expected) {
        REQUIRE(found.index() == expected.index());
        if (const auto* facts = std::get_if<OwnedFacts>(&expected)) {
            require_same(std::get<FactsView>(found), *facts);
        } else if (const auto* bytes = std::get_if<std::vector<std::byte>>(&expected)) {
            REQUIRE(std::ranges::equal(std::get<Raw>(found).bytes, *bytes));
        } else if (const auto* origins = std::get_if<std::vector<Origin>>(&expected)) {
            const auto& view = std::get<OriginsView>(found);
            REQUIRE(view.rig == 2);
            REQUIRE(view.samples == origins->size());
            for (std::size_t i = 0; i < origins->size(); ++i) {
                REQUIRE(view.origin(i) == (*origins)[i]);
            }
        } else {
            REQUIRE(std::get<Mark>(found).text == std::get<std::string>(expected));
        }
    }

    void reopen() {
        writer_.reset();
        writer_ = std::make_unique<Writer>(options_, clock_);
    }

    /// Any part of what was not durable is gone.
    void lose_power(std::uint64_t number) {
        const Position durable = writer_->synced();
        const Position end = writer_->end();
        const Position left = durable + random_.below(end - durable + 1, number, 1);
        writer_.reset();
        std::filesystem::resize_file(options_.path, left);
        while (!expected_.empty() && expected_.back().first > left) {
            expected_.pop_back();
        }
        options_.durable = durable;
        reopen();
    }

    KeyedRandom random_;
    SystemClock clock_;
    WriterOptions options_;
    std::uint64_t seed_;
    std::unique_ptr<Writer> writer_;
    std::vector<std::pair<Position, Content>> expected_;
};

} // namespace

TEST_CASE("whatever is appended, synced, closed and cut, what is found is what was kept") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        CAPTURE(seed);
        const TempDir dir;
        Model model(dir.path(), seed);
        for (std::uint64_t number = 0; number < 400; ++number) {
            model.step(number);
        }
        model.check();
    }
}
