// What becomes of a query of the optical rig when the display misbehaves at any of the messages
// that it takes, or the camera at any of the driver's steps.
#include "tests/conformance/misbehaving.hpp"
#include "tests/conformance/small_optical.hpp"
#include "tests/support/nightly.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <utility>

using namespace phyll;
using namespace phyll::conformance;
using phyll::bench::Fault;

namespace {

/// The display misbehaves: a camera has no messages that could be counted.
struct Fixture : Misbehaving {
    Fixture()
        : Misbehaving(std::make_unique<OpticalBench>(small_optical_bench(), small_optical_rig),
                      0.0F) {
        let_misbehave({"slm"});
    }
};

/// A query of five samples shows six pictures, each a message.
constexpr std::uint64_t pictures = 5;

/// Real time; who looks at it the n-th time has something happen.
class SteppedClock final : public Clock {
  public:
    [[nodiscard]] Monotonic now() const override {
        if (left_ != 0 && --left_ == 0) {
            what_();
        }
        return clock_.now();
    }
    [[nodiscard]] Wall wall() const override { return clock_.wall(); }
    [[nodiscard]] Wake wait_until(Monotonic when, std::stop_token stop) const override {
        return clock_.wait_until(when, std::move(stop));
    }

    void at_step(std::uint64_t n, std::function<void()> what) {
        what_ = std::move(what);
        left_ = n;
    }
    [[nodiscard]] bool happened() const noexcept { return left_ == 0; }
    void forget() noexcept { left_ = 0; }

  private:
    SystemClock clock_;
    mutable std::uint64_t left_ = 0;
    std::function<void()> what_;
};

/// A rig whose clock is stepped, with its answer to a query.
struct Stepped {
    SteppedClock clock;
    OpticalBench lab{small_optical_bench(), small_optical_rig};
    std::unique_ptr<rigs::InstrumentRig> rig = lab.rig(clock);
    OwnedBlock x = test::uniform_stimuli(rig->spec(), 5);
    OwnedBlock right = test::answer(*rig, x);

    [[nodiscard]] bool is_right(const OwnedBlock& y) const {
        return test::largest_difference(y.view(), right.view()) == 0.0;
    }

    /// With everything to be set up anew, the camera is told to do something at every `stride`th
    /// step (by day fewer: sweep_step) of the driver in a query, of which there are more than
    /// `least`.
    void check_every_step(const phyll::bench::Misbehave& order, std::uint64_t stride,
                          std::uint64_t least) {
        const auto happens = [&](std::uint64_t step) {
            CAPTURE(step);
            static_cast<void>(rig->make_safe());
            clock.at_step(step, [&] { lab.bench().misbehave("camera", order); });
            OwnedBlock y(rig->spec().n_out(), x.samples());
            const Code code = test::code_of([&] { rig->query(x.view(), y.view(), {}); });
            const bool happened = clock.happened();
            clock.forget();
            if (code == Code::ok) {
                CHECK(is_right(y));
            } else {
                CHECK(code == Code::unavailable);
                CHECK(rig->health().state == Health::State::fault);
                CHECK_FALSE(lab.output_on());
            }
            // A camera that is gone since the last answer is noticed by the next question.
            for (int tries = 0;; ++tries) {
                rig->recover(Deadline::never(), {});
                CHECK(rig->health().state == Health::State::ready);
                const Code again = test::code_of([&] { rig->query(x.view(), y.view(), {}); });
                if (again == Code::ok) {
                    break;
                }
                REQUIRE(again == Code::unavailable);
                REQUIRE(tries < 2);
            }
            REQUIRE(is_right(y));
            return happened;
        };
        for (std::uint64_t step = 1; happens(step);) {
            step += test::sweep_step(stride);
        }
        CHECK(happens(least)); // whatever the sweep passed over
    }
};

} // namespace

TEST_CASE("optical: a connection that breaks at any message is survived, the display dark") {
    Fixture().check_every_message(Fault::disconnect, 1, 0, pictures);
}

TEST_CASE("optical: an answer that does not come at any message is survived") {
    Fixture().check_every_message(Fault::drop, 1, 0, pictures);
}

TEST_CASE("optical: a display that is switched off and on at any message is found again") {
    Fixture().check_every_message(Fault::power_cycle, 1, 0, pictures);
}

TEST_CASE("optical: a display that refuses at any message is believed") {
    Fixture().check_every_message(Fault::error, 1, 0, pictures);
}

TEST_CASE("optical: a display that is slow at any message is waited for") {
    Fixture().check_every_message(Fault::delay, 1, 0.001, pictures);
}

TEST_CASE("optical: a display that answers nothing any more is given up, and found again") {
    Fixture().check_stuck({0, 3});
}

TEST_CASE("optical: bytes that are changed on the way end nothing for good") {
    Fixture().check_corruption(1, 8);
}

TEST_CASE("optical: another display that comes up at the address is not driven") {
    Fixture f;
    f.lab->bench().misbehave("slm",
                             {.fault = Fault::identity, .text = "phyllsim,DISPLAY,PHYLLSIM-X,1"});
    f.lab->bench().misbehave("slm", {.fault = Fault::disconnect, .at = 3});
    REQUIRE(test::code_of([&] { test::answer(*f.guard, f.x); }) == Code::unavailable);
    REQUIRE_THROWS_WITH(test::answer(*f.guard, f.x), Catch::Contains("PHYLLSIM-X"));
    f.lab->bench().release("slm");
    f.check_recovered();
}

TEST_CASE("optical: a camera that is switched off and on at any step is set up anew") {
    Stepped().check_every_step({.fault = Fault::power_cycle, .seconds = Seconds(0.01)}, 5, 50);
}

TEST_CASE("optical: a camera that another takes at any step is had again") {
    Stepped().check_every_step({.fault = Fault::panel, .text = "occupy 0.01"}, 11, 50);
}

TEST_CASE("optical: every frame of a query may be lost") {
    Stepped f;
    for (std::uint64_t at = 0; at < 6; ++at) {
        CAPTURE(at);
        f.lab.bench().misbehave("camera", {.fault = Fault::missed_trigger, .at = at, .count = 1});
        REQUIRE(f.is_right(test::answer(*f.rig, f.x)));
    }
    REQUIRE(f.rig->retaken() == 6);
}
