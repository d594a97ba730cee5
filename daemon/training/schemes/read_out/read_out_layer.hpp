#pragma once

#include "daemon/training/encoding.hpp"
#include "daemon/training/input_orders.hpp"
#include "daemon/training/named_arrays.hpp"
#include "daemon/training/rig_shape.hpp"
#include "daemon/training/sample_rows.hpp"
#include "daemon/training/schemes/scheme_job.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace phyll::training {

/// The one layer that a read-out reads: what its rig is asked about samples, and what the
/// classifier sees of them.
class ReadOutLayer {
  public:
    /// Throws INVALID_ARGUMENT naming the field of the run spec that is wrong.
    explicit ReadOutLayer(const SchemeJob& job);

    [[nodiscard]] bool physics() const noexcept { return physics_; }
    /// Empty without physics.
    [[nodiscard]] const RigShape& rig() const noexcept { return rig_; }
    /// Stimuli for each sample, with physics.
    [[nodiscard]] std::size_t orders() const noexcept { return orders_.count(); }
    /// Outputs of the rig, in all orders of its inputs.
    [[nodiscard]] std::size_t outputs() const noexcept { return rig_.outputs * orders_.count(); }
    /// What the classifier sees of a sample.
    [[nodiscard]] std::size_t features() const noexcept {
        return outputs() + (!physics_ || skip_ ? inputs_ : 0);
    }

    /// Fits the encoding to the scores of the training split, with physics.
    void fit(const SampleRows& scores);

    /// What the rig is asked about samples with these scores, features x samples. Adds what was
    /// clipped to `clipped`.
    [[nodiscard]] OwnedBlock stimuli(ConstBlock scores, std::uint64_t& clipped) const;
    /// What the rig answered to those, n_out x stimuli, as one column for each sample.
    [[nodiscard]] ConstBlock answers(ConstBlock responses) const {
        return orders_.gather(responses);
    }
    /// What the classifier sees of samples with these scores and answers (unused without physics).
    /// Refers to this.
    [[nodiscard]] SampleRows features(const SampleRows& scores, const SampleRows& answers) const;

    /// The encoding, where there is one.
    void save(std::vector<NamedArray>& arrays) const;
    void restore(const ArrayReader& arrays);

  private:
    RigShape rig_;
    std::size_t inputs_; ///< features of the data
    bool physics_;
    bool skip_;
    InputOrders orders_;
    Encoder encoder_;
};

} // namespace phyll::training
