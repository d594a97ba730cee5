#pragma once

#include "daemon/training/schemes/local/network.hpp"
#include "daemon/training/schemes/local/settings.hpp"
#include "daemon/training/trained_network.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace phyll::training {

/// A trained network of a LocalScheme: a sample is of the class with the most goodness in the sum
/// over the layers, unless a scheme judges in another way.
class TrainedLocal : public TrainedNetwork {
  public:
    /// `settings` are those that the scheme was made with, `network` what it stored. Throws
    /// DATA_LOSS when one does not fit the other.
    TrainedLocal(const LocalSettings& settings, std::size_t classes, const ArrayReader& network);

    [[nodiscard]] std::size_t classes() const override { return classes_; }
    [[nodiscard]] std::size_t layers() const override { return network_.depth(); }
    [[nodiscard]] std::size_t showings() const override { return overlays_ ? classes_ : 1; }
    [[nodiscard]] std::size_t stimuli_of(std::size_t layer) const override;
    [[nodiscard]] bool judges_every_layer() const override { return true; }
    [[nodiscard]] const FeatureScaling& scaling() const noexcept override {
        return network_.scaling();
    }

    [[nodiscard]] Flow begin(const Scores& samples, std::size_t first,
                             std::size_t count) const override;
    [[nodiscard]] OwnedBlock stimuli(std::size_t layer, ConstBlock inputs,
                                     std::uint64_t& clipped) const override {
        return network_.layer(layer).stimuli(inputs, clipped);
    }
    void pass(std::size_t layer, Flow& flow, ConstBlock responses) const override;

  protected:
    /// What a layer says of the flow's samples, given `z`, width x columns, is added to what those
    /// before said.
    virtual void say(std::size_t layer, ConstBlock z, Flow& flow) const;
    [[nodiscard]] const Network& network() const noexcept { return network_; }

  private:
    bool overlays_;
    std::size_t classes_;
    Network network_;
};

/// For the registry: `settings_of` reads a scheme's options, as when it was trained.
template <class Trained, class Options>
std::unique_ptr<TrainedNetwork> trained_local(const TrainedJob& job, const Options& options,
                                              LocalSettings (*settings_of)(const SchemeJob&,
                                                                           const Options&)) {
    const StandIn data(job);
    const LocalSettings settings =
        settings_of({data.spec, options, data.data, data.split, job.rigs, job.workers}, options);
    return std::make_unique<Trained>(settings, job.classes, ArrayReader(job.network));
}

} // namespace phyll::training
