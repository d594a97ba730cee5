#pragma once

#include "daemon/training/adam.hpp"
#include "daemon/training/encoding.hpp"
#include "daemon/training/local_layer.hpp"
#include "daemon/training/response_scaling.hpp"
#include "daemon/training/schemes/phyll/phyll.pb.h"
#include "daemon/training/schemes/scheme_job.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace phyll::training {

enum class Schedule { greedy, simultaneous };

struct LayerSettings {
    std::size_t inputs = 0;
    std::size_t width = 0;
    std::size_t label_entries = 0; ///< leading inputs that are the label's; of the first layer only
    bool physics = true;
    bool skip = false;
    RigShape rig; ///< empty without physics
    EncodingSettings encoding;

    /// What the layer's digital map sees: the responses, the input, or both.
    [[nodiscard]] std::size_t features() const noexcept {
        return !physics ? inputs : rig.outputs + (skip ? inputs : 0);
    }
};

/// A run spec in the scheme's own terms, checked.
struct PhyllSettings {
    std::uint64_t seed = 0;
    Schedule schedule = Schedule::greedy;
    bool reuse = true; ///< a stimulus measured before costs nothing
    std::size_t epochs = 0;
    std::size_t batch = 0; ///< training samples per step; never 0
    std::uint64_t inner_steps = 0;
    double learning_rate = 0.0;
    bool cosine = false; ///< the learning rate falls to zero over the epochs
    double theta = 0.0;
    float label_level = 1.0F;
    Activation activation = Activation::abs;
    ResponseScaling::Kind response_scaling = ResponseScaling::Kind::per_output;
    AdamSettings adam;
    std::vector<LayerSettings> layers; ///< at least one
    Workers* workers = nullptr;        ///< see SchemeJob

    [[nodiscard]] double learning_rate_at(std::size_t epoch) const;
};

/// Throws INVALID_ARGUMENT that names the field of the run spec that is wrong and what is valid.
[[nodiscard]] PhyllSettings read_settings(const SchemeJob& job, const v1::PhyllOptions& options);

} // namespace phyll::training
