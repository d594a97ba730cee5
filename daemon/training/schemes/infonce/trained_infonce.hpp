#pragma once

#include "daemon/training/read_out.hpp"
#include "daemon/training/schemes/local/trained_local.hpp"

#include <cstddef>

namespace phyll::training {

/// A trained network of an InfonceScheme: a read-out of the unit activities of all layers.
class TrainedInfonce final : public TrainedLocal {
  public:
    /// As that of TrainedLocal.
    TrainedInfonce(const LocalSettings& settings, std::size_t classes, const ArrayReader& network);

    [[nodiscard]] bool judges_every_layer() const override { return false; }

  private:
    void say(std::size_t layer, ConstBlock z, Flow& flow) const override;

    ReadOut read_out_;
};

} // namespace phyll::training
