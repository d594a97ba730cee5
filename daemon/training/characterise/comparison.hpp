#pragma once

#include "drivers/core/physical_layer.hpp"

#include <phyll/v1/rigs.pb.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace phyll::training {

/// A rig whose products of inputs are compared with those of digital random features.
struct ComparisonSite {
    const LayerSpec& spec;
    std::uint64_t seed = 0;
    std::function<OwnedBlock(ConstBlock stimuli)> measure; ///< responses of the rig
    ConstBlock uniform; ///< uniformly random drives, n_in x samples
    /// Per output the rig's noise in deviations over `uniform`; a random feature gets noise of the
    /// same share of its own deviation, so that both have the same signal to noise.
    std::span<const double> noise_share;
};

/// How many samples `compare_products` measures.
[[nodiscard]] std::uint64_t comparison_queries(std::size_t inputs, std::uint64_t seed);

/// Linear read-outs of the exclusive or of pairs of inputs, from the rig's responses, from as many
/// random features and from the inputs: fitted to 100 samples of each pair, tested on 200 others.
/// Responses and features get noise of 0.5 % of their root mean square besides, since without any
/// the faintest trace of a product would do. At least two inputs.
[[nodiscard]] v1::ExclusiveOr compare_products(const ComparisonSite& site);

/// What the comparison says, in one sentence.
[[nodiscard]] std::string verdict_of(const v1::ExclusiveOr& found);

} // namespace phyll::training
