#include "drivers/core/error.hpp"
#include "drivers/core/guard.hpp"
#include "tests/support/scripted_layer.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

using namespace phyll;
using phyll::test::Script;
using phyll::test::ScriptedLayer;

namespace {

struct Bench {
    std::shared_ptr<Script> script = std::make_shared<Script>();
    Guard guard{std::make_unique<ScriptedLayer>(script)};
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

/// As many outputs as are looked at at once, and some more, each with limits of its own that are no
/// float32.
class ManyOutputs final : public PhysicalLayer {
  public:
    explicit ManyOutputs(std::shared_ptr<std::vector<float>> answer) : answer_(std::move(answer)) {
        spec_.max_batch = 1;
        spec_.inputs.push_back({.name = "in", .unit = "1"});
        for (std::size_t k = 0; k < answer_->size(); ++k) {
            const double middle = 0.1 * (static_cast<double>(k) - 20.0);
            spec_.outputs.push_back(
                {.name = "p", .unit = "Pa", .minimum = middle - 0.01, .maximum = middle + 0.01});
            (*answer_)[k] = static_cast<float>(middle);
        }
    }
    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock, Block y, const QueryContext&) override {
        std::copy(answer_->begin(), answer_->end(), y.data());
    }
    [[nodiscard]] SafeState make_safe() noexcept override { return {}; }
    [[nodiscard]] Health health() const override { return {}; }
    void recover(const Deadline&, std::stop_token) override {}

  private:
    std::shared_ptr<std::vector<float>> answer_;
    LayerSpec spec_;
};

} // namespace

TEST_CASE("what keeps the contract passes") {
    Bench bench;
    bench.x.sample(0)[0] = 1.0F;
    REQUIRE(bench.ask() == Code::ok);
    REQUIRE(bench.y.sample(0)[0] == 2.0F);
    REQUIRE(bench.script->made_safe == 0);
}

TEST_CASE("a drive outside [0, 1] is refused before the rig sees it") {
    Bench bench;
    const float bad = GENERATE(-0.001F, 1.001F, std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::infinity());
    bench.x.sample(2)[1] = bad;
    REQUIRE(bench.ask() == (std::isfinite(bad) ? Code::out_of_range : Code::invalid_argument));
    REQUIRE(bench.message.find("sample 2, channel 1") != std::string::npos);
    REQUIRE(bench.script->queries == 0);
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
    REQUIRE(bench.script->queries == 0);
}

TEST_CASE("a response that cannot be true is not used, and the rig is made safe") {
    Bench bench;
    const float answer = GENERATE(2.5F, -2.5F, std::numeric_limits<float>::quiet_NaN());
    bench.script->answer = [=](ConstBlock, Block y, const QueryContext&) {
        y.sample(1)[0] = answer;
    };
    REQUIRE(bench.ask() == Code::data_loss);
    REQUIRE(bench.script->made_safe == 1);
}

TEST_CASE("a failing rig is made safe and its own words go through") {
    Bench bench;
    bench.script->answer = [](ConstBlock, Block, const QueryContext&) {
        throw Error(Code::unavailable, "out of order");
    };
    REQUIRE(bench.ask() == Code::unavailable);
    REQUIRE(bench.message == "out of order");
    REQUIRE(bench.script->made_safe == 1);
}

TEST_CASE("the guard makes the rig safe when it goes") {
    const auto script = std::make_shared<Script>();
    {
        const Guard guard(std::make_unique<ScriptedLayer>(script));
    }
    REQUIRE(script->made_safe == 1);
}

TEST_CASE("a drive that is not one is found wherever it stands") {
    LayerSpec spec;
    spec.inputs.assign(37, {.name = "in", .unit = "1"});
    OwnedBlock x(37, 2);
    std::ranges::fill(x.view().values(), 1.0F);
    REQUIRE_NOTHROW(check_stimuli(spec, x.view()));
    for (std::size_t k = 0; k < x.view().size(); ++k) {
        for (const float bad : {std::nextafter(1.0F, 2.0F), -std::numeric_limits<float>::min(),
                                std::numeric_limits<float>::quiet_NaN()}) {
            x.view().values()[k] = bad;
            REQUIRE_THROWS_AS(check_stimuli(spec, x.view()), Error);
        }
        x.view().values()[k] = 0.0F;
    }
    REQUIRE_NOTHROW(check_stimuli(spec, x.view()));
}

TEST_CASE("each response is held to its own limits, to the last bit, wherever it stands") {
    const auto answer = std::make_shared<std::vector<float>>(37);
    Guard guard(std::make_unique<ManyOutputs>(answer));
    const OwnedBlock x(1, 1);
    OwnedBlock y(answer->size(), 1);
    const auto passes = [&] {
        try {
            guard.query(x.view(), y.view(), {});
            return true;
        } catch (const Error&) {
            return false;
        }
    };
    REQUIRE(passes());
    for (std::size_t k = 0; k < answer->size(); ++k) {
        const float usual = (*answer)[k];
        const ResponseChannel& channel = guard.spec().outputs[k];
        for (const double limit : {channel.minimum, channel.maximum}) {
            const auto at = static_cast<float>(limit);
            const float infinity = std::numeric_limits<float>::infinity();
            for (const float value : {std::nextafter(at, -infinity), at,
                                      std::nextafter(at, infinity), infinity, -infinity}) {
                (*answer)[k] = value;
                REQUIRE(passes() == (value >= channel.minimum && value <= channel.maximum));
            }
        }
        (*answer)[k] = usual;
    }
}
