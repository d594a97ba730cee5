#pragma once

#include "daemon/training/sample_rows.hpp"
#include "daemon/training/scheme.hpp"
#include "drivers/core/sample_block.hpp"
#include "drivers/core/sample_store.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace phyll::runs {

/// What the first layer's rig answered to each sample of the two splits, mean over the labels that
/// were shown with it: a description of the sample that knows no label, made of responses that the
/// run measured anyhow. Kept in the rig's own format where samples are shown without labels, as
/// float32 where it takes means.
class ResponseTable {
  public:
    /// `outputs` are what the first layer sees of each sample shown: the rig's, in as many orders
    /// of its inputs as it is asked in. `format` is the rig's; `bytes` makes the place where
    /// responses are kept.
    ResponseTable(std::size_t outputs, std::size_t training_samples, std::size_t test_samples,
                  const StorageFormat& format = {}, MakeByteStore bytes = {});

    /// Takes in the responses to a plan that shows whole samples; others are passed over. Throws
    /// INTERNAL when one does not survive the rig's format.
    void add(const training::Plan& plan, ConstBlock responses);

    /// Whether every sample of both splits was seen.
    [[nodiscard]] bool complete() const noexcept;
    /// In the order of the split; does not outlive this. Of a complete table.
    [[nodiscard]] training::SampleRows training() const { return rows(training_); }
    [[nodiscard]] training::SampleRows test() const { return rows(test_); }

  private:
    struct Half {
        std::optional<SampleStore> means; ///< since the first response
        std::vector<bool> seen;
        std::size_t missing;
    };
    [[nodiscard]] static training::SampleRows rows(const Half& half);
    [[nodiscard]] SampleStore& store(Half& half, std::size_t labels) const;

    std::size_t outputs_;
    StorageFormat format_;
    MakeByteStore bytes_;
    Half training_;
    Half test_;
};

} // namespace phyll::runs
