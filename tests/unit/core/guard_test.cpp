#include "drivers/core/error.hpp"
#include "drivers/core/guard.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace phyll;

namespace {

/// Answers what it is told to and remembers what was asked of it.
class Scripted final : public PhysicalLayer {
  public:
    struct Log {
        int queries = 0;
        int made_safe = 0;
        float answer = 0.5F;
        bool fails = false;
    };

    explicit Scripted(Log& log) : log_(log) {
        spec_.kind = "scripted";
        spec_.inputs = {{.name = "a", .unit = "V"}, {.name = "b", .unit = "V"}};
        spec_.outputs = {{.name = "p", .unit = "Pa", .minimum = -1.0, .maximum = 1.0}};
        spec_.max_batch = 4;
    }

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock, Block y, const QueryContext&) override {
        ++log_.queries;
        if (log_.fails) {
            throw Error(Code::unavailable, "out of order");
        }
        for (float& value : y.values()) {
            value = log_.answer;
        }
    }
    [[nodiscard]] SafeState make_safe() noexcept override {
        ++log_.made_safe;
        return {};
    }
    [[nodiscard]] Health health() const override { return {}; }
    void recover(const Deadline&, std::stop_token) override {}

  private:
    Log& log_;
    LayerSpec spec_;
};

struct Bench {
    Scripted::Log log;
    Guard guard{std::make_unique<Scripted>(log)};
    OwnedBlock x{2, 3};
    OwnedBlock y{1, 3};

    Code ask() {
        try {
            guard.query(std::as_const(x).view(), y.view(), {});
            return Code::ok;
        } catch (const Error& error) {
            message = error.what();
            return error.code();
        }
    }
    std::string message;
};

} // namespace

TEST_CASE("what keeps the contract passes") {
    Bench bench;
    bench.x.sample(0)[0] = 1.0F;
    REQUIRE(bench.ask() == Code::ok);
    REQUIRE(bench.y.sample(2)[0] == 0.5F);
    REQUIRE(bench.log.made_safe == 0);
}

TEST_CASE("a drive outside [0, 1] is refused before the rig sees it") {
    Bench bench;
    const float bad = GENERATE(-0.001F, 1.001F, std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::infinity());
    bench.x.sample(2)[1] = bad;
    REQUIRE(bench.ask() == (std::isfinite(bad) ? Code::out_of_range : Code::invalid_argument));
    REQUIRE(bench.message.find("sample 2, channel 1") != std::string::npos);
    REQUIRE(bench.log.queries == 0);
}

TEST_CASE("wrong shapes are refused with both numbers") {
    Bench bench;
    SECTION("inputs") {
        bench.x = OwnedBlock(3, 3);
        REQUIRE(bench.ask() == Code::invalid_argument);
        REQUIRE(bench.message == "stimuli: 3 values per sample, but the rig has 2 inputs");
    }
    SECTION("batch") {
        bench.x = OwnedBlock(2, 5);
        bench.y = OwnedBlock(1, 5);
        REQUIRE(bench.ask() == Code::invalid_argument);
    }
    SECTION("nothing") {
        bench.x = OwnedBlock(2, 0);
        bench.y = OwnedBlock(1, 0);
        REQUIRE(bench.ask() == Code::invalid_argument);
    }
    SECTION("responses") {
        bench.y = OwnedBlock(2, 3);
        REQUIRE(bench.ask() == Code::invalid_argument);
    }
    REQUIRE(bench.log.queries == 0);
}

TEST_CASE("a response that cannot be true is not used, and the rig is made safe") {
    Bench bench;
    bench.log.answer = GENERATE(1.5F, -1.5F, std::numeric_limits<float>::quiet_NaN());
    REQUIRE(bench.ask() == Code::data_loss);
    REQUIRE(bench.log.made_safe == 1);
}

TEST_CASE("a failing rig is made safe and its own words go through") {
    Bench bench;
    bench.log.fails = true;
    REQUIRE(bench.ask() == Code::unavailable);
    REQUIRE(bench.message == "out of order");
    REQUIRE(bench.log.made_safe == 1);
}

TEST_CASE("the guard makes the rig safe when it goes") {
    Scripted::Log log;
    {
        const Guard guard(std::make_unique<Scripted>(log));
    }
    REQUIRE(log.made_safe == 1);
}
