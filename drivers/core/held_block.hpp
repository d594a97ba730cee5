#pragma once

#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <memory>
#include <utility>

namespace phyll {

/// A block that nobody changes, with whatever its numbers live in: a block of ours, or memory of
/// somebody else's that would have to be copied otherwise. Copies share it; it is freed on
/// whichever thread lets go of it last.
class HeldBlock {
  public:
    HeldBlock() = default;
    /// Shares in `holder` for as long as it looks at the numbers.
    HeldBlock(ConstBlock numbers, std::shared_ptr<const void> holder)
        : numbers_(numbers), holder_(std::move(holder)) {}
    HeldBlock(OwnedBlock block) { // NOLINT(google-explicit-constructor)
        auto owned = std::make_shared<const OwnedBlock>(std::move(block));
        numbers_ = owned->view();
        holder_ = std::move(owned);
    }

    [[nodiscard]] ConstBlock view() const noexcept { return numbers_; }
    [[nodiscard]] std::size_t channels() const noexcept { return numbers_.channels(); }
    [[nodiscard]] std::size_t samples() const noexcept { return numbers_.samples(); }

  private:
    ConstBlock numbers_;
    std::shared_ptr<const void> holder_;
};

} // namespace phyll
