#pragma once

#include "daemon/training/encoding.hpp"
#include "daemon/training/feature_scaling.hpp"
#include "daemon/training/input_orders.hpp"
#include "daemon/training/local_layer.hpp"
#include "daemon/training/named_arrays.hpp"
#include "daemon/training/response_scaling.hpp"
#include "daemon/training/schemes/local/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace phyll::training {

/// One layer: encoding, the scale of the responses, the digital map. The physics between encoding
/// and scale is somebody else's.
class NetworkLayer {
  public:
    NetworkLayer(const LocalSettings& settings, std::size_t index);

    [[nodiscard]] const LayerSettings& settings() const noexcept { return settings_; }
    [[nodiscard]] Encoder& encoder() noexcept { return encoder_; }
    [[nodiscard]] const Encoder& encoder() const noexcept { return encoder_; }
    [[nodiscard]] ResponseScaling& response() noexcept { return response_; }
    [[nodiscard]] LocalLayer& local() noexcept { return local_; }
    [[nodiscard]] const LocalLayer& local() const noexcept { return local_; }

    /// What the rig is asked about `inputs`, inputs x samples: of each sample one stimulus after
    /// the other, as many as there are permutations. Adds what was clipped to `clipped`.
    [[nodiscard]] OwnedBlock stimuli(ConstBlock inputs, std::uint64_t& clipped) const;
    /// What the rig answered to those, n_out x stimuli, as one column for each sample.
    [[nodiscard]] ConstBlock answers(ConstBlock responses) const {
        return orders_.gather(responses);
    }
    /// What the digital map sees: the scaled responses, then the layer's input on the skip path;
    /// without physics the input alone. `inputs` is inputs x samples, `responses` n_out x stimuli.
    [[nodiscard]] OwnedBlock features(ConstBlock inputs, ConstBlock responses) const;

    /// Everything inference needs, under names that begin with "layer1/" and so on.
    void save(std::vector<NamedArray>& arrays) const;
    void restore(const ArrayReader& arrays);
    /// What only training needs.
    void save_optimiser(std::vector<NamedArray>& arrays) const;
    void restore_optimiser(const ArrayReader& arrays);

  private:
    LayerSettings settings_;
    std::string prefix_;
    const char* directions_; ///< what they are called where they are stored
    Encoder encoder_;
    ResponseScaling response_;
    LocalLayer local_;
    InputOrders orders_;
};

/// One column of a layer's input: a sample of a split, and the label that is written into it or
/// Origin::no_label.
struct Column {
    std::uint32_t sample;
    std::uint32_t label;
};

/// The whole network, and the way of raw features into its first layer.
class Network {
  public:
    Network(const LocalSettings& settings, FeatureScaling scaling);

    [[nodiscard]] std::size_t depth() const noexcept { return layers_.size(); }
    [[nodiscard]] NetworkLayer& layer(std::size_t index) { return layers_.at(index); }
    [[nodiscard]] const NetworkLayer& layer(std::size_t index) const { return layers_.at(index); }
    [[nodiscard]] const FeatureScaling& scaling() const noexcept { return scaling_; }

    /// The first layer's input: for each column the label entries, if there are any, zero but for
    /// the label's, which is the label level, then the sample's scores.
    [[nodiscard]] OwnedBlock inputs(const Scores& scores, std::span<const Column> columns) const;
    /// The same, one column at a time. Refers to this, `scores` and `columns`.
    [[nodiscard]] SampleRows input_rows(const Scores& scores,
                                        std::span<const Column> columns) const;

    void save(std::vector<NamedArray>& arrays) const;
    void restore(const ArrayReader& arrays);

  private:
    bool overlays_;
    float label_level_;
    FeatureScaling scaling_;
    std::vector<NetworkLayer> layers_;
};

} // namespace phyll::training
