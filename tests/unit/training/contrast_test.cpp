#include "daemon/training/contrast.hpp"
#include "drivers/core/random.hpp"
#include "drivers/core/workers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace phyll;
using namespace phyll::training;

namespace {

constexpr double tau = 0.2;

OwnedBlock random_block(std::size_t width, std::size_t samples) {
    const KeyedRandom random(1, "contrast");
    OwnedBlock block(width, samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < width; ++k) {
            block.sample(i)[k] = static_cast<float>(random.normal(i, k));
        }
    }
    return block;
}

double activate(Activation activation, double z) {
    switch (activation) {
    case Activation::abs:
        return std::abs(z);
    case Activation::relu:
        return std::max(z, 0.0);
    default:
        return z;
    }
}

/// The loss in double precision, written from the equation.
class Reference {
  public:
    Reference(Activation activation, ConstBlock z) : activation_(activation), width_(z.channels()) {
        values.assign(z.values().begin(), z.values().end());
    }

    [[nodiscard]] double loss() const {
        const std::size_t count = values.size() / width_ / 2;
        double sum = 0;
        for (std::size_t i = 0; i < count; ++i) {
            double row = 0;
            double column = 0;
            for (std::size_t j = 0; j < count; ++j) {
                row += std::exp(alike(i, count + j) / tau);
                column += std::exp(alike(j, count + i) / tau);
            }
            sum += std::log(row) + std::log(column) - 2 * alike(i, count + i) / tau;
        }
        return sum / (2.0 * static_cast<double>(count));
    }

    std::vector<double> values;

  private:
    [[nodiscard]] double activity(std::size_t sample, std::size_t k) const {
        return activate(activation_, values[sample * width_ + k]);
    }
    [[nodiscard]] double norm(std::size_t sample) const {
        double square = 0;
        for (std::size_t k = 0; k < width_; ++k) {
            square += activity(sample, k) * activity(sample, k);
        }
        return std::sqrt(square) + 1e-6;
    }
    [[nodiscard]] double alike(std::size_t a, std::size_t b) const {
        double sum = 0;
        for (std::size_t k = 0; k < width_; ++k) {
            sum += activity(a, k) * activity(b, k);
        }
        return sum / (norm(a) * norm(b));
    }

    Activation activation_;
    std::size_t width_;
};

} // namespace

TEST_CASE("the contrast of copies and its gradient agree with finite differences") {
    for (const auto activation : {Activation::abs, Activation::relu, Activation::identity}) {
        CAPTURE(static_cast<int>(activation));
        OwnedBlock z = random_block(5, 2 * 7);
        Reference reference(activation, std::as_const(z).view());
        const LocalOutcome outcome = differentiate_contrast(activation, tau, z.view(), nullptr);
        CHECK(outcome.loss == Approx(reference.loss()).epsilon(1e-5));
        for (std::size_t i = 0; i < reference.values.size(); ++i) {
            constexpr double step = 1e-6;
            const double here = reference.values[i];
            reference.values[i] = here + step;
            const double above = reference.loss();
            reference.values[i] = here - step;
            const double below = reference.loss();
            reference.values[i] = here;
            CHECK(static_cast<double>(z.view().values()[i]) ==
                  Approx((above - below) / (2 * step)).margin(2e-5));
        }
    }
}

TEST_CASE("samples that are told apart by their copies are right, and nothing depends on workers") {
    const OwnedBlock one = random_block(40, 150);
    OwnedBlock both(40, 300);
    std::ranges::copy(one.view().values(), both.view().values().begin());
    std::ranges::copy(one.view().values(), both.view().slice(150, 150).values().begin());
    // The last two samples have each other's copies.
    std::ranges::copy(one.sample(148), both.sample(299).begin());
    std::ranges::copy(one.sample(149), both.sample(298).begin());
    OwnedBlock alone = both;
    const LocalOutcome outcome =
        differentiate_contrast(Activation::identity, tau, alone.view(), nullptr);
    CHECK(outcome.correct == 148);
    for (const unsigned threads : {2U, 3U}) {
        Workers workers(threads);
        OwnedBlock shared = both;
        const LocalOutcome same =
            differentiate_contrast(Activation::identity, tau, shared.view(), &workers);
        CHECK(same.loss == outcome.loss);
        CHECK(std::ranges::equal(shared.view().values(), alone.view().values()));
    }
}

TEST_CASE("a sample without any activity has no direction and no gradient") {
    OwnedBlock z(3, 4);
    z.sample(1)[0] = 1.0F;
    const LocalOutcome outcome = differentiate_contrast(Activation::abs, tau, z.view(), nullptr);
    CHECK(std::isfinite(outcome.loss));
    CHECK(std::ranges::all_of(z.view().values(), [](float value) { return std::isfinite(value); }));
    CHECK(std::ranges::all_of(z.sample(0), [](float value) { return value == 0.0F; }));
}
