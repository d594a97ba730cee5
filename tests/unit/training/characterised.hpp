#pragma once

#include "drivers/core/physical_layer.hpp"

#include <phyll/v1/rigs.pb.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>

namespace phyll::test {

[[nodiscard]] LayerSpec toy_spec(std::size_t inputs, std::size_t outputs, unsigned levels = 0);

/// Output k of a sample, and how many samples came before it.
using Physics = std::function<double(std::span<const float> x, std::size_t k, std::size_t number)>;

struct Characterised {
    v1::Characterisation report;
    std::uint64_t asked = 0;
    std::set<std::string> stages;
};

[[nodiscard]] Characterised characterised(const LayerSpec& spec, const Physics& physics);

/// Every output another mixture of the inputs.
[[nodiscard]] double mixture(std::span<const float> x, std::size_t k);

/// Standard deviation of `mixture` over uniform inputs.
[[nodiscard]] double mixture_deviation(std::size_t inputs, std::size_t k);

} // namespace phyll::test
