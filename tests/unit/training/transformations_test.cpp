// Samples under random transformations.
#include "daemon/training/data/transformations.hpp"
#include "daemon/training/data/vowels.hpp"
#include "daemon/training/statistics.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

using namespace phyll;
using namespace phyll::training;
using Catch::Matchers::Contains;

namespace {

constexpr ImageShape canvas{.height = 21, .width = 21};

/// Two images: a spot of 3 x 3 in the middle, and one that lies six pixels to its right.
Samples spots() {
    OwnedBlock block(canvas.pixels(), 2);
    for (std::size_t image = 0; image < 2; ++image) {
        for (std::size_t row = 9; row < 12; ++row) {
            for (std::size_t column = 9; column < 12; ++column) {
                block.sample(image)[row * canvas.width + column + 6 * image] = 1.0F;
            }
        }
    }
    Samples samples(std::move(block));
    samples.set_image(canvas);
    return samples;
}

struct Place {
    double down = 0.0; ///< from the middle
    double right = 0.0;
};

Place centre_of_mass(const std::vector<float>& image) {
    double mass = 0.0;
    Place place;
    for (std::size_t i = 0; i < image.size(); ++i) {
        const auto value = static_cast<double>(image[i]);
        mass += value;
        place.down += value * (static_cast<double>(i / canvas.width) - 10.0);
        place.right += value * (static_cast<double>(i % canvas.width) - 10.0);
    }
    return {place.down / mass, place.right / mass};
}

std::vector<float> copy_of(const Transformations& transformations, std::size_t sample,
                           std::size_t copy, std::size_t epoch = 0) {
    std::vector<float> values(transformations.features(), -1.0F);
    transformations.read(sample, copy, epoch, values);
    return values;
}

Transformations of_spots(const TransformationSettings& settings, std::uint64_t seed = 1) {
    return {spots(), {0, 1}, settings, seed};
}

} // namespace

TEST_CASE("settings of zero leave every sample as it is") {
    const Transformations none = of_spots({});
    CHECK(none.samples() == 2);
    CHECK(copy_of(none, 0, 3, 5) == spots().sample(0));
    CHECK(copy_of(none, 1, 0) == spots().sample(1));
    const SplitData vowels = synthetic_vowels(1, 70, 7);
    const Transformations of_vowels(vowels.data.inputs, {4, 9}, {}, 1);
    CHECK(copy_of(of_vowels, 1, 2) == vowels.data.inputs.sample(9));
}

TEST_CASE("a copy is a function of seed, sample, copy and epoch, whatever was read before") {
    const TransformationSettings settings{.shift = 2, .rotation = 20, .scale = 0.2, .noise = 0.1};
    const Transformations some = of_spots(settings);
    const Transformations again = of_spots(settings);
    const std::vector<float> last = copy_of(some, 1, 3, 7);
    const std::vector<float> first = copy_of(some, 0, 0, 0);
    CHECK(copy_of(again, 0, 0, 0) == first);
    CHECK(copy_of(again, 1, 3, 7) == last);
    CHECK(copy_of(again, 1, 3, 6) != last);
    CHECK(copy_of(again, 1, 2, 7) != last);
    CHECK(copy_of(of_spots(settings, 2), 1, 3, 7) != last);
    // The same image as another sample is transformed in another way.
    const TransformationSettings warps{.shift = 2, .rotation = 20, .scale = 0.2};
    const Transformations twice(spots(), {0, 0}, warps, 1);
    CHECK(copy_of(twice, 0, 0) == copy_of(of_spots(warps), 0, 0));
    CHECK(copy_of(twice, 1, 0) != copy_of(twice, 0, 0));
}

TEST_CASE("a random shift moves the centre of mass, evenly up to its end") {
    const Transformations shifts = of_spots({.shift = 3});
    constexpr std::size_t copies = 400;
    std::vector<Place> places;
    for (std::size_t copy = 0; copy < copies; ++copy) {
        places.push_back(centre_of_mass(copy_of(shifts, 0, copy)));
    }
    for (const auto member : {&Place::down, &Place::right}) {
        const Moments m = moments(copies, [&](std::size_t i) { return places[i].*member; });
        CHECK(m.mean == Approx(0).margin(0.3));
        CHECK(m.deviation == Approx(3 / std::numbers::sqrt3).epsilon(0.1));
        CHECK(std::ranges::all_of(places,
                                  [&](const Place& p) { return std::abs(p.*member) <= 3.0001; }));
    }
    // A spot elsewhere moves by as much as its centre does.
    const Place other = centre_of_mass(copy_of(shifts, 1, 0));
    CHECK(std::abs(other.right - 6.0) <= 3.0001);
}

TEST_CASE("a random rotation keeps the distance from the middle, a random size the direction") {
    const Transformations turns = of_spots({.rotation = 30});
    const Transformations sizes = of_spots({.scale = 0.25});
    double widest = 0.0;
    double nearest = 6.0;
    double farthest = 6.0;
    for (std::size_t copy = 0; copy < 200; ++copy) {
        const Place turned = centre_of_mass(copy_of(turns, 1, copy));
        CHECK(std::hypot(turned.down, turned.right) == Approx(6.0).epsilon(0.02));
        const double angle =
            std::abs(std::atan2(turned.down, turned.right)) * 180.0 / std::numbers::pi;
        CHECK(angle < 30.5);
        widest = std::max(widest, angle);
        const Place sized = centre_of_mass(copy_of(sizes, 1, copy));
        CHECK(std::abs(sized.down) < 0.05);
        nearest = std::min(nearest, sized.right);
        farthest = std::max(farthest, sized.right);
    }
    CHECK(widest > 27.0);
    CHECK(nearest == Approx(4.5).margin(0.15));
    CHECK(farthest == Approx(7.5).margin(0.15));
}

TEST_CASE("noise has the deviation that is asked for, of each feature") {
    // The first feature is of the order of 1000, the second of 0.001, the third never changes; the
    // fourth is one that only a test sample has.
    OwnedBlock block(4, 51);
    for (std::size_t i = 0; i < 50; ++i) {
        const float sign = i % 2 == 0 ? -1.0F : 1.0F;
        std::ranges::copy(std::vector<float>{500.0F + 1000.0F * sign, 0.001F * sign, 7.0F, 0.0F},
                          block.sample(i).begin());
    }
    std::ranges::fill(block.sample(50), 1e6F);
    std::vector<std::uint32_t> training(50);
    std::iota(training.begin(), training.end(), 0U);
    const Samples inputs(std::move(block));
    const Transformations noisy(inputs, training, {.noise = 0.3}, 4);
    constexpr std::size_t copies = 100;
    std::vector<std::vector<float>> differences(4);
    for (std::size_t sample = 0; sample < training.size(); ++sample) {
        for (std::size_t copy = 0; copy < copies; ++copy) {
            const std::vector<float> values = copy_of(noisy, sample, copy);
            for (std::size_t f = 0; f < 4; ++f) {
                differences[f].push_back(values[f] - inputs.sample(sample)[f]);
            }
        }
    }
    const auto of = [&](std::size_t f) {
        return moments(differences[f].size(), [&](std::size_t i) { return differences[f][i]; });
    };
    CHECK(of(0).deviation == Approx(300.0).epsilon(0.04));
    CHECK(of(0).mean == Approx(0.0).margin(15.0));
    CHECK(of(1).deviation == Approx(0.0003).epsilon(0.04));
    CHECK(of(2).deviation == 0.0);
    CHECK(of(3).deviation == 0.0);
    const double together =
        std::inner_product(
            differences[0].begin(), differences[0].end(), differences[1].begin(), 0.0,
            std::plus<>(),
            [](float a, float b) { return static_cast<double>(a) * static_cast<double>(b); }) /
        static_cast<double>(differences[0].size());
    CHECK(std::abs(together) < 0.05 * of(0).deviation * of(1).deviation);
}

TEST_CASE("transformations that make no sense are refused by name") {
    CHECK_THROWS_WITH(of_spots({.shift = -1}), Contains("shift -1") && Contains("0 to 1000000"));
    CHECK_THROWS_WITH(of_spots({.rotation = 361}), Contains("rotation 361"));
    CHECK_THROWS_WITH(of_spots({.scale = 1}), Contains("scale 1") && Contains("0 to less than 1"));
    CHECK_THROWS_WITH(of_spots({.noise = NAN}), Contains("noise nan"));
    const Samples vowels = synthetic_vowels(1, 7, 7).data.inputs;
    for (const TransformationSettings& settings :
         {TransformationSettings{.shift = 1}, {.rotation = 1}, {.scale = 0.1}}) {
        CHECK_THROWS_WITH(Transformations(vowels, {0}, settings, 1), Contains("need images"));
    }
    CHECK_NOTHROW(Transformations(vowels, {0, 1}, {.noise = 1}, 1));
}
