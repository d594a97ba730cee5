#pragma once

#include "daemon/training/scheme.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <vector>

namespace phyll::runs {

/// What the first layer's rig answered to each sample of the two splits, mean over the labels that
/// were shown with it: a description of the sample that knows no label, made of responses that the
/// run measured anyhow.
class ResponseTable {
  public:
    ResponseTable(std::size_t outputs, std::size_t training_samples, std::size_t test_samples);

    /// Takes in the responses to a plan that shows whole samples; others are passed over.
    void add(const training::Plan& plan, ConstBlock responses);

    /// Whether every sample of both splits was seen.
    [[nodiscard]] bool complete() const noexcept;
    /// `outputs x samples`, in the order of the split.
    [[nodiscard]] ConstBlock training() const noexcept { return training_.means.view(); }
    [[nodiscard]] ConstBlock test() const noexcept { return test_.means.view(); }

  private:
    struct Half {
        OwnedBlock means;
        std::vector<bool> seen;
        std::size_t missing;
    };
    [[nodiscard]] static Half empty(std::size_t outputs, std::size_t samples);

    Half training_;
    Half test_;
};

} // namespace phyll::runs
