#pragma once

#include "drivers/core/bytes.hpp"
#include "drivers/core/physical_layer.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace phyll::training {

/// The features of samples, as float, without all of them being held as float: they stay in the
/// format in which they came, in memory or in a file, and a sample is turned into float when it is
/// asked for. A value: copies share the bytes, which nobody changes.
/// Thread rule: any thread, several at a time.
class Samples {
  public:
    Samples() = default;
    /// Features that are at hand as float.
    explicit Samples(OwnedBlock values);
    /// `samples` samples of `features` values each in `format`, one after the other in `bytes`,
    /// from `offset` on. Throws OUT_OF_RANGE when there are fewer bytes, and as SampleCodec does.
    Samples(std::shared_ptr<const ByteSource> bytes, std::uint64_t offset,
            const StorageFormat& format, std::size_t features, std::size_t samples);

    [[nodiscard]] std::size_t features() const noexcept { return features_; }
    [[nodiscard]] std::size_t samples() const noexcept { return samples_; }

    /// Fills `into`, one place per feature. Throws what the bytes' source throws.
    void read(std::size_t sample, std::span<float> into) const;
    [[nodiscard]] std::vector<float> sample(std::size_t index) const;

    /// These samples and, after them, those of `more`, of as many features.
    [[nodiscard]] Samples followed_by(const Samples& more) const;

  private:
    struct Part {
        std::shared_ptr<const ByteSource> bytes;
        std::uint64_t offset;
        StorageFormat format;
        std::size_t first; ///< its first sample's number
    };

    std::size_t features_ = 0;
    std::size_t samples_ = 0;
    std::vector<Part> parts_; ///< in order; one or two as a rule
};

} // namespace phyll::training
