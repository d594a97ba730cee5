#include "daemon/training/matrix_product.hpp"
#include "drivers/core/random.hpp"
#include "drivers/core/workers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <utility>
#include <vector>

using namespace phyll;
using namespace phyll::training;

namespace {

OwnedBlock random_block(std::size_t channels, std::size_t samples, std::string_view purpose) {
    const KeyedRandom random(1, purpose);
    OwnedBlock block(channels, samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t c = 0; c < channels; ++c) {
            block.sample(i)[c] = static_cast<float>(random.normal(i, c));
        }
    }
    return block;
}

} // namespace

TEST_CASE("affine_map is W y + b") {
    constexpr std::size_t inputs = 37;
    constexpr std::size_t outputs = 5;
    const OwnedBlock weights = random_block(inputs, outputs, "weights");
    const OwnedBlock bias = random_block(outputs, 1, "bias");
    // Around whole tiles, and far below one.
    for (const std::size_t samples : {1U, 3U, 64U, 65U, 200U}) {
        const OwnedBlock y = random_block(inputs, samples, "y");
        OwnedBlock z(outputs, samples);
        affine_map(weights.view(), bias.sample(0), y.view(), z.view());
        for (std::size_t i = 0; i < samples; ++i) {
            for (std::size_t j = 0; j < outputs; ++j) {
                double sum = static_cast<double>(bias.sample(0)[j]);
                for (std::size_t k = 0; k < inputs; ++k) {
                    sum += static_cast<double>(weights.sample(j)[k]) *
                           static_cast<double>(y.sample(i)[k]);
                }
                REQUIRE(static_cast<double>(z.sample(i)[j]) == Approx(sum).margin(1e-4));
            }
        }
    }
}

TEST_CASE("a sample's map does not depend on its batch, to the last bit") {
    const std::size_t batch = GENERATE(1U, 7U, 64U, 500U);
    for (const std::size_t outputs : {1U, 5U, 20U, 33U}) {
        constexpr std::size_t inputs = 41;
        constexpr std::size_t samples = 500;
        const OwnedBlock weights = random_block(inputs, outputs, "weights");
        const std::vector<float> bias(outputs, 0.25F);
        const OwnedBlock y = random_block(inputs, samples, "y");
        OwnedBlock together(outputs, samples);
        affine_map(weights.view(), bias, y.view(), together.view());
        for (std::size_t first = 0; first < samples; first += batch) {
            const std::size_t count = std::min(batch, samples - first);
            OwnedBlock apart(outputs, count);
            affine_map(weights.view(), bias, y.view().slice(first, count), apart.view());
            REQUIRE(std::ranges::equal(apart.view().values(),
                                       together.view().slice(first, count).values()));
        }
    }
}

TEST_CASE("products do not depend on the number of workers, to the last bit") {
    // Large enough to be shared, with partial tiles on every side.
    constexpr std::size_t inputs = 301;
    constexpr std::size_t outputs = 130;
    constexpr std::size_t samples = 211;
    const OwnedBlock weights = random_block(inputs, outputs, "weights");
    const OwnedBlock bias = random_block(outputs, 1, "bias");
    const OwnedBlock y = random_block(inputs, samples, "y");
    const auto map_and_gradient = [&](Workers* workers) {
        OwnedBlock z(outputs, samples);
        affine_map(weights.view(), bias.sample(0), y.view(), z.view(), workers);
        std::vector<float> all(z.view().values().begin(), z.view().values().end());
        OwnedBlock slope(inputs, outputs);
        std::vector<float> bias_slope(outputs);
        affine_gradient(y.view(), std::as_const(z).view(), slope.view(), bias_slope, workers);
        all.insert(all.end(), slope.view().values().begin(), slope.view().values().end());
        all.insert(all.end(), bias_slope.begin(), bias_slope.end());
        return all;
    };
    const std::vector<float> alone = map_and_gradient(nullptr);
    for (const unsigned threads : {1U, 2U, 3U, 4U}) {
        Workers workers(threads);
        REQUIRE(map_and_gradient(&workers) == alone);
    }
}

TEST_CASE("affine_gradient sums outer products") {
    constexpr std::size_t inputs = 9;
    constexpr std::size_t outputs = 4;
    constexpr std::size_t samples = 130;
    const OwnedBlock y = random_block(inputs, samples, "y");
    const OwnedBlock dz = random_block(outputs, samples, "dz");
    OwnedBlock weights = random_block(inputs, outputs, "overwritten");
    std::vector<float> bias(outputs, 99.0F);
    affine_gradient(y.view(), dz.view(), weights.view(), bias);
    for (std::size_t j = 0; j < outputs; ++j) {
        double bias_sum = 0;
        for (std::size_t i = 0; i < samples; ++i) {
            bias_sum += static_cast<double>(dz.sample(i)[j]);
        }
        REQUIRE(static_cast<double>(bias[j]) == Approx(bias_sum).margin(1e-4));
        for (std::size_t k = 0; k < inputs; ++k) {
            double sum = 0;
            for (std::size_t i = 0; i < samples; ++i) {
                sum += static_cast<double>(dz.sample(i)[j]) * static_cast<double>(y.sample(i)[k]);
            }
            REQUIRE(static_cast<double>(weights.sample(j)[k]) == Approx(sum).margin(1e-3));
        }
    }
}
