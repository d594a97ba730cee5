#pragma once

#include "daemon/training/feature_scaling.hpp"
#include "daemon/training/named_arrays.hpp"
#include "daemon/training/rig_shape.hpp"
#include "daemon/training/schemes/scheme_job.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace phyll::training {

/// Samples on their way through a trained network.
struct Flow {
    /// Of the layer that comes next: inputs x columns, each sample's columns side by side.
    OwnedBlock inputs;
    /// What is known of each sample so far: classes x samples. A scheme that reads several layers
    /// at once fills it in at the last one.
    OwnedBlock scores;
    /// What such a scheme has to read so far, numbers x samples; of others nothing.
    OwnedBlock seen{};

    /// Leaves the samples of these places, ascending; each has `showings` columns.
    void keep(std::span<const std::size_t> samples, std::size_t showings);
};

/// A network that learns no more, as the scheme that trained it judges samples: from the same
/// responses the same scores, bit for bit, as when it evaluated its test split. `Inference` takes
/// samples through it.
///
/// Thread rule: nothing changes it; any thread, several at a time.
class TrainedNetwork {
  public:
    TrainedNetwork() = default;
    TrainedNetwork(const TrainedNetwork&) = delete;
    TrainedNetwork& operator=(const TrainedNetwork&) = delete;
    virtual ~TrainedNetwork() = default;

    [[nodiscard]] std::size_t features() const noexcept { return scaling().mean.size(); }
    [[nodiscard]] virtual std::size_t classes() const = 0;
    [[nodiscard]] virtual std::size_t layers() const = 0;
    /// Columns that show a sample to be judged: one for every label, or one without a label.
    [[nodiscard]] virtual std::size_t showings() const = 0;
    /// How often a layer's rig is asked about a column; 0 without physics.
    [[nodiscard]] virtual std::size_t stimuli_of(std::size_t layer) const = 0;
    /// Whether the scores are complete as far as they go after every layer, so that a sample may
    /// leave before the last one.
    [[nodiscard]] virtual bool judges_every_layer() const = 0;
    /// The way of raw features into the first layer.
    [[nodiscard]] virtual const FeatureScaling& scaling() const noexcept = 0;

    /// The samples [first, first + count), before the first layer.
    [[nodiscard]] virtual Flow begin(const Scores& samples, std::size_t first,
                                     std::size_t count) const = 0;
    /// What the rig of a layer with physics is asked about columns of inputs: n_in x stimuli. Adds
    /// what was clipped to `clipped`.
    [[nodiscard]] virtual OwnedBlock stimuli(std::size_t layer, ConstBlock inputs,
                                             std::uint64_t& clipped) const = 0;
    /// Takes the flow through a layer, with what its rig answered to those stimuli, n_out x
    /// stimuli; nothing without physics.
    virtual void pass(std::size_t layer, Flow& flow, ConstBlock responses) const = 0;
};

/// What a trained network is made of again: what it was trained by, and what its scheme's
/// `network` gave.
struct TrainedJob {
    const phyll::v1::RunSpec& spec;           ///< with its defaults filled in
    const google::protobuf::Message& options; ///< the scheme's own, with defaults filled in
    std::size_t classes;
    /// One per layer of the spec; nothing for a layer without physics.
    std::span<const std::optional<RigShape>> rigs;
    std::span<const NamedArray> network;
    Workers* workers = nullptr; ///< see SchemeJob
};

/// The scaling that a network was stored with. Throws DATA_LOSS.
[[nodiscard]] FeatureScaling read_scaling(const ArrayReader& network);

/// What takes the place of the data that are not there any more: as many features and classes, two
/// samples. A network's settings are read with it as when it was trained.
struct StandIn {
    explicit StandIn(const TrainedJob& job);

    phyll::v1::RunSpec spec; ///< without what says when the network is judged
    DataSet data;
    Split split;
};

} // namespace phyll::training
