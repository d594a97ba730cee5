#pragma once

#include "daemon/training/rig_shape.hpp"
#include "drivers/core/sample_block.hpp"
#include "phyll/v1/run_spec.pb.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace phyll::training {

/// The orders of a rig's inputs in which it is asked about each stimulus: the first as they are,
/// then fixed random ones. The same rig gives so many times its outputs, for so many times the
/// queries.
class InputOrders {
  public:
    /// One order: the inputs as they are.
    InputOrders() = default;
    /// `permutations` of `inputs`, at least 1, for a layer by its place in its network; `seed`
    /// fixes them.
    InputOrders(std::size_t permutations, std::size_t inputs, std::uint64_t seed,
                std::size_t layer);

    [[nodiscard]] std::size_t count() const noexcept { return others_.size() + 1; }
    /// Each stimulus in every order, one after the other.
    [[nodiscard]] OwnedBlock expand(OwnedBlock stimuli) const;
    /// The answers to those, n_out x expanded stimuli, as one column for each stimulus.
    [[nodiscard]] ConstBlock gather(ConstBlock responses) const;

  private:
    /// Which of the inputs each one shows.
    std::vector<std::vector<std::uint32_t>> others_;
};

/// How often a layer's rig is to be asked; 1 of a layer that does not say.
[[nodiscard]] inline std::size_t permutations_of(const phyll::v1::LayerConfig& layer) {
    return layer.has_permutations() ? layer.permutations() : 1;
}

/// The same, checked. Throws INVALID_ARGUMENT naming `field`
/// ("layers[0].permutations"): 0, or several of a rig whose inputs are not alike, so that not every
/// order can be driven.
[[nodiscard]] std::size_t read_permutations(const std::string& field,
                                            const phyll::v1::LayerConfig& layer,
                                            const RigShape& rig);

} // namespace phyll::training
