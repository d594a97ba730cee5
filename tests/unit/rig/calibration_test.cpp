// Whether a rig of instruments may measure with the calibration that it has.

#include "daemon/rig/calibration/calibrated_rig.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/fake_instruments.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <string>
#include <utility>

using namespace phyll;
using namespace std::chrono_literals;
using rig::CalibratedRig;
using rig::CalibrationBook;
using rig::KeptCalibration;
using State = v1::Calibration;

namespace {

/// Keeps them in memory.
class Shelf final : public rig::CalibrationStore {
  public:
    [[nodiscard]] std::optional<KeptCalibration> load(const std::string& rig) const override {
        if (unreadable) {
            throw Error(Code::data_loss, "bench.json is no calibration");
        }
        const auto found = kept.find(rig);
        return found == kept.end() ? std::nullopt : std::optional(found->second);
    }
    void save(const std::string& rig, const KeptCalibration& calibration) override {
        if (full) {
            throw Error(Code::resource_exhausted, "the disk is full");
        }
        kept[rig] = calibration;
    }

    std::map<std::string, KeptCalibration> kept;
    bool full = false;
    bool unreadable = false;
};

/// A rig of one instrument, as the daemon would make it.
struct Bench {
    ManualClock clock;
    std::shared_ptr<Shelf> shelf = std::make_shared<Shelf>();
    std::shared_ptr<test::FakeRigScript> script = std::make_shared<test::FakeRigScript>();
    std::shared_ptr<CalibrationBook> book;
    std::unique_ptr<CalibratedRig> rig;

    explicit Bench(bool allow = false) { start(allow); }

    void start(bool allow = false) {
        book = std::make_shared<CalibrationBook>(
            CalibrationBook::Rules{
                .rig = "bench", .allow = allow, .longest = Seconds(86400.0), .version = "1.2"},
            shelf, clock);
        rig = std::make_unique<CalibratedRig>(std::make_unique<test::FakeRig>(script, clock), book,
                                              3);
    }
    float ask() {
        const OwnedBlock x(2, 1);
        OwnedBlock y(1, 1);
        rig->query(x.view(), y.view(), {});
        return y.sample(0)[0];
    }
    /// What the query is refused with.
    std::string refusal() {
        try {
            ask();
            return "answered";
        } catch (const Error& error) {
            REQUIRE(error.code() == Code::failed_precondition);
            return error.what();
        }
    }
    [[nodiscard]] double used() const { return script->used.back(); }
};

} // namespace

TEST_CASE("a rig that was never calibrated measures nothing, and says what to do") {
    Bench bench;
    REQUIRE(bench.refusal() == "the rig measures nothing: it was never calibrated; 'phyllctl rig "
                               "calibrate bench' calibrates it");
    REQUIRE(bench.book->state() == State::MISSING);
    REQUIRE(bench.rig->health().state == Health::State::degraded);
    REQUIRE(bench.rig->health().reason == "it was never calibrated");
    REQUIRE_FALSE(bench.script->bench->on);

    bench.rig->calibrate({});
    REQUIRE(bench.ask() == 2.0F);
    REQUIRE(bench.used() == 1e-6);
    REQUIRE(bench.book->state() == State::VALID);
    REQUIRE(bench.rig->health().state == Health::State::ready);
    const v1::Calibration shown = bench.book->to_wire();
    REQUIRE(shown.version() == "1.2");
    REQUIRE(shown.time() == Seconds(bench.clock.wall().time_since_epoch()).count());
    REQUIRE(shown.instruments(0) == "Maker M1, serial S1");
    REQUIRE(shown.quantities(0).name() == "latency");
    REQUIRE(shown.quantities(0).unit() == "s");
    REQUIRE(shown.quantities(0).value() == 1e-6);
}

TEST_CASE("a calibration outlives the daemon, of the same instruments alone") {
    Bench bench;
    bench.rig->calibrate({});
    bench.start();
    SECTION("the same") {
        REQUIRE(bench.book->state() == State::VALID);
        REQUIRE(bench.ask() == 2.0F);
        REQUIRE(bench.used() == 1e-6);
        REQUIRE(bench.script->calibrations == 1);
    }
    SECTION("another one, which is known only once it is reached") {
        bench.script->bench->identity.serial = "S2";
        bench.start();
        REQUIRE(bench.book->state() == State::VALID);
        REQUIRE(bench.refusal() ==
                "the rig measures nothing: its calibration is foreign: it is of Maker M1, serial "
                "S1, firmware 1, the rig has Maker M1, serial S2, firmware 1; 'phyllctl rig "
                "calibrate bench' calibrates it");
        REQUIRE(bench.book->state() == State::FOREIGN);
        bench.rig->calibrate({});
        REQUIRE(bench.ask() == 2.0F);
        REQUIRE(bench.book->state() == State::VALID);
    }
    SECTION("one that cannot be read") {
        bench.shelf->unreadable = true;
        bench.start();
        REQUIRE(bench.book->state() == State::MISSING);
        REQUIRE(bench.book->reason() ==
                "its calibration cannot be read: bench.json is no calibration");
    }
    SECTION("one that the rig cannot use") {
        bench.shelf->kept["bench"].calibration.quantities.clear();
        bench.start();
        REQUIRE(bench.refusal() ==
                "its calibration cannot be used: latency: missing; calibrate it again");
    }
    SECTION("instruments that do not answer decide nothing") {
        bench.script->bench->there = false;
        bench.start();
        REQUIRE_THROWS_WITH(bench.ask(), "awg: nobody answers");
        REQUIRE(bench.book->state() == State::VALID);
    }
}

TEST_CASE("a calibration turns stale, which cuts off nothing that is under way") {
    Bench bench;
    bench.rig->calibrate({});
    bench.clock.advance(86401s);
    REQUIRE(bench.book->state() == State::STALE);
    REQUIRE(bench.rig->health().state == Health::State::degraded);
    REQUIRE(bench.ask() == 2.0F);
    static_cast<void>(bench.rig->make_safe());
    REQUIRE(bench.refusal() == "the rig measures nothing: its calibration is stale: it is 1 days "
                               "old, and calibration_days is 1; 'phyllctl rig calibrate bench' "
                               "calibrates it");
}

TEST_CASE("a rig that may measure without calibration takes what it has, and is degraded") {
    Bench bench(true);
    REQUIRE(bench.ask() == 2.0F);
    REQUIRE(bench.used() == 0.0); // nominal
    REQUIRE(bench.rig->health().state == Health::State::degraded);
    bench.rig->calibrate({});
    bench.clock.advance(86401s);
    static_cast<void>(bench.rig->make_safe());
    REQUIRE(bench.ask() == 2.0F);
    REQUIRE(bench.used() == 1e-6); // a stale one is better than none
    REQUIRE(bench.rig->health().reason.starts_with("its calibration is stale: "));
    bench.script->bench->identity.serial = "S2";
    static_cast<void>(bench.rig->make_safe());
    REQUIRE(bench.ask() == 2.0F);
    REQUIRE(bench.used() == 0.0); // one of another instrument is not
}

TEST_CASE("a calibration that cannot be kept is not used") {
    Bench bench;
    bench.rig->calibrate({});
    bench.shelf->full = true;
    bench.script->latency = 5e-6;
    REQUIRE_THROWS_WITH(bench.rig->calibrate({}), "the disk is full");
    REQUIRE(bench.ask() == 2.0F);
    REQUIRE(bench.used() == 1e-6);
}

TEST_CASE("a rig's batch is bounded, and it is evidence of what it was found to be made of") {
    Bench bench;
    REQUIRE(bench.rig->spec().max_batch == 3);
    REQUIRE(bench.rig->spec().evidence_of.empty());
    static_cast<void>(bench.rig->make_safe());
    REQUIRE(bench.rig->spec().evidence_of == "Maker M1, serial S1");
    REQUIRE(bench.rig->spec().limits == std::vector<std::string>{"3.2 V peak"});
}
