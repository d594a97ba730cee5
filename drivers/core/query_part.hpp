#pragma once

#include "drivers/core/physical_layer.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace phyll {

/// What the samples [first, first + count) of a block are told, for who passes a block on in parts:
/// number, age and times follow, and what is kept raw has its place in the whole block.
///
/// Does not outlive the whole's times and sink.
class QueryPart {
  public:
    QueryPart(const QueryContext& whole, std::size_t first, std::size_t count);
    QueryPart(const QueryPart&) = delete;
    QueryPart& operator=(const QueryPart&) = delete;

    /// Valid as long as the part.
    [[nodiscard]] QueryContext& context() noexcept { return context_; }
    [[nodiscard]] const QueryContext& context() const noexcept { return context_; }

  private:
    class Raw final : public RawSink {
      public:
        Raw(RawSink* whole, std::size_t first) : whole_(whole), first_(first) {}

        [[nodiscard]] bool wants(std::size_t sample) const override;
        void keep(std::size_t sample, std::string_view type,
                  std::span<const std::byte> bytes) override;

      private:
        RawSink* whole_;
        std::size_t first_;
    };

    Raw raw_;
    QueryContext context_;
};

} // namespace phyll
