#include "characterised.hpp"

#include "daemon/training/characterise/characterise.hpp"
#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>

#include <cmath>

namespace phyll::test {
namespace {

double weight(std::size_t k, std::size_t input) {
    return KeyedRandom(5, "mixture").uniform(k, input) - 0.5;
}

} // namespace

LayerSpec toy_spec(std::size_t inputs, std::size_t outputs, unsigned levels) {
    LayerSpec spec;
    spec.kind = "toy";
    spec.max_batch = 64;
    spec.seconds_per_sample = 0.25;
    for (std::size_t k = 0; k < inputs; ++k) {
        spec.inputs.push_back({.name = "in " + std::to_string(k), .unit = "V", .levels = levels});
    }
    for (std::size_t k = 0; k < outputs; ++k) {
        spec.outputs.push_back({.name = "out " + std::to_string(k), .unit = "V"});
    }
    return spec;
}

Characterised characterised(const LayerSpec& spec, const Physics& physics) {
    Characterised result;
    const auto measure = [&](ConstBlock x) {
        OwnedBlock y(spec.n_out(), x.samples());
        for (std::size_t i = 0; i < x.samples(); ++i) {
            for (std::size_t k = 0; k < y.channels(); ++k) {
                y.sample(i)[k] = static_cast<float>(physics(x.sample(i), k, result.asked));
            }
            ++result.asked;
        }
        return y;
    };
    const auto progress = [&](const v1::CharacteriseProgress& at) {
        result.stages.insert(at.stage());
        REQUIRE(at.queries() < at.of_queries());
    };
    result.report =
        training::characterise({.spec = spec, .seed = 3, .measure = measure, .progress = progress});
    return result;
}

double mixture(std::span<const float> x, std::size_t k) {
    double sum = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        sum += weight(k, i) * static_cast<double>(x[i]);
    }
    return sum;
}

double mixture_deviation(std::size_t inputs, std::size_t k) {
    double square = 0.0;
    for (std::size_t i = 0; i < inputs; ++i) {
        square += weight(k, i) * weight(k, i);
    }
    return std::sqrt(square / 12.0);
}

} // namespace phyll::test
