#pragma once

#include "drivers/core/physical_layer.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phyll {

/// What the instrument gave for some samples of one query, held until it is known whether the query
/// counts.
class RawSamples final : public RawSink {
  public:
    struct Sample {
        std::size_t sample = 0; ///< within the block
        std::string type;
        std::vector<std::byte> bytes;
    };

    /// Wants nothing.
    RawSamples() = default;
    /// Wants the samples that are true.
    explicit RawSamples(std::vector<bool> wanted);
    /// Wants, of a block of so many samples, those that another sink wants, which is not needed
    /// any more after this.
    RawSamples(const RawSink& other, std::size_t samples);

    [[nodiscard]] bool wants(std::size_t sample) const override;
    /// What is not wanted is dropped.
    void keep(std::size_t sample, std::string_view type, std::span<const std::byte> bytes) override;

    [[nodiscard]] bool wants_any() const noexcept;
    [[nodiscard]] const std::vector<Sample>& kept() const noexcept { return kept_; }
    /// Gives all that was kept to another sink.
    void hand_over(RawSink& other) const;

  private:
    std::vector<bool> wanted_;
    std::vector<Sample> kept_;
};

} // namespace phyll
