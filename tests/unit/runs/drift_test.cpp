#include "daemon/runs/export/drift.hpp"
#include "drivers/core/journal/writer.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace phyll;
using nlohmann::json;

namespace {

constexpr std::size_t sentinels = 4;

/// Two outputs that tell the sentinels apart, moved by so much.
OwnedBlock round_of(float moved) {
    OwnedBlock block(2, sentinels);
    for (std::size_t i = 0; i < sentinels; ++i) {
        block.sample(i)[0] = static_cast<float>(i) + moved;
        block.sample(i)[1] = static_cast<float>(i % 2) - moved;
    }
    return block;
}

/// Writes sentinels and other measurements as a run does.
class Measured {
  public:
    explicit Measured(const std::filesystem::path& path)
        : writer_({.path = path,
                   .header = {.run = "1",
                              .rigs = {{.name = "bench", .kind = "echo", .n_in = 1, .n_out = 2}}}},
                  clock_) {}

    void round(std::uint64_t number, std::uint32_t era, float moved) {
        append(journal::Purpose::sentinel, number * sentinels, era, round_of(moved));
    }
    void training(std::uint64_t number) {
        append(journal::Purpose::training, number, 1, round_of(0));
    }
    void mark(journal::MarkKind kind, std::uint64_t number) {
        writer_.append(journal::Mark{.kind = kind, .rig = 0, .number = number, .era = 1});
    }

  private:
    void append(journal::Purpose purpose, std::uint64_t number, std::uint32_t era,
                const OwnedBlock& responses) {
        const OwnedBlock stimuli(1, sentinels);
        const std::vector<journal::StimulusHash> hashes(sentinels);
        writer_.append(journal::Facts{.purpose = purpose,
                                      .first_number = number,
                                      .era = era,
                                      .stimuli = stimuli.view(),
                                      .responses = responses.view(),
                                      .hashes = hashes});
    }

    SystemClock clock_;
    journal::Writer writer_;
};

} // namespace

TEST_CASE("the drift of a run is that of its sentinels since their era began") {
    const test::TempDir dir;
    {
        Measured run(dir.path() / "journal");
        run.round(0, 1, 0);
        run.round(1, 1, 0);
        run.training(0);
        run.round(2, 1, 0.5);
        run.round(2, 1, 9); // measured once more: the first counts
        run.round(std::uint64_t{1} << 40U, 1, 9);
        run.mark(journal::MarkKind::era_ended, sentinels);
        run.round(3, 2, 0.5);
        run.round(4, 2, 0.5);
    }
    v1::SentinelsSpec spec;
    spec.set_count(sentinels);
    spec.set_baseline(2);
    spec.set_tolerance(0.02);
    const journal::Reader reader(dir.path() / "journal");
    const json drift = runs::drift_of(spec, reader);
    REQUIRE(drift["rigs"].size() == 1);
    const json& bench = drift["rigs"][0];
    REQUIRE(bench["rig"] == "bench");
    REQUIRE(bench["rounds"].size() == 5);
    REQUIRE(bench["rounds"][0]["deviation"] == 0.0);
    REQUIRE(bench["rounds"][0]["number"] == 0);
    REQUIRE(bench["rounds"][2]["number"] == sentinels);
    // Standard deviations of 0, 1, 2, 3 and of 0, 1, 0, 1.
    const double expected = std::sqrt((0.25 / (5.0 / 3) + 0.25 / (1.0 / 3)) / 2);
    REQUIRE(bench["rounds"][2]["deviation"].get<double>() == Approx(expected));
    REQUIRE(bench["rounds"][3]["era"] == 2);
    REQUIRE(bench["rounds"][4]["deviation"] == 0.0);
    REQUIRE(bench["noise"].size() == 2);
    REQUIRE(bench["marks"][0]["kind"] == "era_ended");
    REQUIRE(bench["marks"][0]["number"] == sentinels);

    REQUIRE(runs::drift_of({}, reader)["rigs"].empty()); // a client's own run
}
