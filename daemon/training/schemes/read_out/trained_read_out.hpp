#pragma once

#include "daemon/training/read_out.hpp"
#include "daemon/training/schemes/read_out/read_out_layer.hpp"
#include "daemon/training/trained_network.hpp"

#include <cstddef>
#include <cstdint>

namespace phyll::training {

/// A read-out that was fitted: a sample is of the class with the largest W f + b.
class TrainedReadOut final : public TrainedNetwork {
  public:
    /// Throws DATA_LOSS when what was stored does not fit the run spec.
    explicit TrainedReadOut(const TrainedJob& job);

    [[nodiscard]] std::size_t classes() const override { return read_out_.bias.size(); }
    [[nodiscard]] std::size_t layers() const override { return 1; }
    [[nodiscard]] std::size_t showings() const override { return 1; }
    [[nodiscard]] std::size_t stimuli_of(std::size_t) const override {
        return layer_.physics() ? layer_.orders() : 0;
    }
    [[nodiscard]] bool judges_every_layer() const override { return false; }
    [[nodiscard]] const FeatureScaling& scaling() const noexcept override { return scaling_; }

    [[nodiscard]] Flow begin(const Scores& samples, std::size_t first,
                             std::size_t count) const override;
    [[nodiscard]] OwnedBlock stimuli(std::size_t, ConstBlock inputs,
                                     std::uint64_t& clipped) const override {
        return layer_.stimuli(inputs, clipped);
    }
    void pass(std::size_t layer, Flow& flow, ConstBlock responses) const override;

  private:
    FeatureScaling scaling_;
    ReadOutLayer layer_;
    ReadOut read_out_;
};

} // namespace phyll::training
