#pragma once

#include "drivers/core/guard.hpp"
#include "sim/rigs/decorators/faults.hpp"
#include "tests/conformance/suite.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

namespace phyll::conformance {

/// Stands between guard and layer and counts how often the layer was made safe.
class Witness final : public sim::Decorator {
  public:
    Witness(std::unique_ptr<PhysicalLayer> inner, int& made_safe)
        : Decorator(std::move(inner)), made_safe_(made_safe) {}
    [[nodiscard]] SafeState make_safe() noexcept override {
        ++made_safe_;
        return Decorator::make_safe();
    }

  private:
    int& made_safe_;
};

/// A subject behind its guard, with stimuli and somewhere to run.
class Bench {
  public:
    explicit Bench(const Subject& subject, std::vector<sim::FaultPlan> faults = {},
                   unsigned threads = 1)
        : tolerance_(subject.tolerance), known_(subject.known), workers_(threads) {
        std::unique_ptr<PhysicalLayer> layer = subject.make(workers_, clock);
        if (!faults.empty()) {
            layer = std::make_unique<sim::Faults>(std::move(layer), std::move(faults), clock);
        }
        guard = std::make_unique<Guard>(std::make_unique<Witness>(std::move(layer), made_safe));
        REQUIRE(guard->spec().closed_domain == (known_ != nullptr));
    }

    /// That the layer answers.
    [[nodiscard]] OwnedBlock stimuli(std::size_t samples) const {
        return known_ ? known_(samples) : test::uniform_stimuli(guard->spec(), samples);
    }
    [[nodiscard]] bool closed() const { return known_ != nullptr; }
    OwnedBlock ask(const OwnedBlock& x, const QueryContext& context = {}) {
        return test::answer(*guard, x, context);
    }
    Code code_of(const OwnedBlock& x, const QueryContext& context = {}) {
        return test::code_of([&] { return ask(x, context); });
    }
    [[nodiscard]] bool agree(ConstBlock a, ConstBlock b) const {
        if (tolerance_ == 0.0) {
            return test::same_bits(a, b);
        }
        return std::ranges::equal(a.values(), b.values(),
                                  [&](float p, float q) { return std::abs(p - q) <= tolerance_; });
    }

    ScriptedClock clock;
    int made_safe = 0;
    std::unique_ptr<Guard> guard;

  private:
    double tolerance_;
    std::function<OwnedBlock(std::size_t)> known_;
    Workers workers_;
};

} // namespace phyll::conformance
