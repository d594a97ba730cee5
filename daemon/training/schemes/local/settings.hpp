#pragma once

#include "daemon/training/adam.hpp"
#include "daemon/training/encoding.hpp"
#include "daemon/training/local_layer.hpp"
#include "daemon/training/response_scaling.hpp"
#include "daemon/training/schemes/scheme_job.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace phyll::training {

enum class Schedule { greedy, simultaneous };

/// When the network is judged on the validation split while it is trained.
struct Validation {
    std::size_t every = 0;    ///< epochs, at whose end; 0: never
    std::size_t patience = 0; ///< training ends after so many in a row without a gain; 0: never
    /// Epochs, over the whole training, at whose begin it is judged as well; ascending.
    std::vector<std::size_t> before{};
};

struct LayerSettings {
    std::size_t inputs = 0;
    std::size_t width = 0;
    std::size_t label_entries = 0; ///< leading inputs that are the label's; of the first layer only
    bool physics = true;
    bool skip = false;
    RigShape rig; ///< empty without physics
    EncodingSettings encoding;
    /// How often the rig is asked about each input, every time with its inputs in another order.
    std::size_t permutations = 1;

    /// Numbers that the rig answers to one input.
    [[nodiscard]] std::size_t responses() const noexcept {
        return physics ? rig.outputs * permutations : 0;
    }
    /// What the layer's digital map sees: the responses, the input, or both.
    [[nodiscard]] std::size_t features() const noexcept {
        return responses() + (!physics || skip ? inputs : 0);
    }
};

/// What the run file says of any scheme whose layers learn by themselves, its own options.
struct LocalOptions {
    double theta = 0.0;
    std::string activation;
    std::string response_scale;
    double adam_beta1 = 0.0;
    double adam_beta2 = 0.0;
    double adam_epsilon = 0.0;

    /// Those of a scheme's message that has fields of these names.
    template <class Options>
    [[nodiscard]] static LocalOptions of(const Options& options) {
        return {.theta = options.theta(),
                .activation = options.activation(),
                .response_scale = options.response_scale(),
                .adam_beta1 = options.adam_beta1(),
                .adam_beta2 = options.adam_beta2(),
                .adam_epsilon = options.adam_epsilon()};
    }
};

/// Whether a sample's label is written into the network's input.
enum class Labelling {
    overlay, ///< a sample is shown under a label: under each of them in turn to be judged
    none,    ///< a sample is shown as it is
    copies   ///< a sample is shown as it is to be judged, and as its copies to be learned from
};

/// A run spec in the terms of schemes whose layers learn by themselves, checked.
struct LocalSettings {
    std::uint64_t seed = 0;
    Schedule schedule = Schedule::greedy;
    bool reuse = true; ///< a stimulus measured before costs nothing
    std::size_t epochs = 0;
    std::size_t batch = 0; ///< training samples per step; never 0
    std::uint64_t inner_steps = 0;
    double learning_rate = 0.0;
    bool cosine = false;      ///< the learning rate falls to zero over the epochs
    std::size_t warm_up = 0;  ///< epochs over which it rises first
    float response_noise = 0; ///< deviation of what is added to scaled responses to learn from
    double theta = 0.0;       ///< steepness of the local loss
    Labelling labelling = Labelling::overlay;
    float label_level = 1.0F;   ///< overlay: of the label's own entry
    bool all_labels = false;    ///< overlay: training asks for every label, whatever it costs
    std::size_t copies = 0;     ///< copies: of each training sample
    std::size_t directions = 1; ///< that each layer's goodness is taken along
    Activation activation = Activation::abs;
    ResponseScaling::Kind response_scaling = ResponseScaling::Kind::per_output;
    AdamSettings adam;
    std::vector<LayerSettings> layers; ///< at least one
    Validation validation;
    std::size_t validated_samples = 0; ///< the first so many of the validation split
    std::size_t judged_samples = 0;    ///< the first so many of the training split, in the end
    Workers* workers = nullptr;        ///< see SchemeJob

    [[nodiscard]] double learning_rate_at(std::size_t epoch) const;
};

/// Throws INVALID_ARGUMENT that names the field of the run spec that is wrong and what is valid.
/// The scheme itself sets `label_level`, `all_labels`, `copies` and `directions`.
[[nodiscard]] LocalSettings read_settings(const SchemeJob& job, const LocalOptions& options,
                                          Labelling labelling);

/// Throws INVALID_ARGUMENT that names `field` unless 0 < value <= largest.
double require_positive(const char* field, double value, double largest);

} // namespace phyll::training
