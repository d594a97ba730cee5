#pragma once

#include "daemon/training/data/image.hpp"
#include "drivers/core/bytes.hpp"
#include "drivers/core/physical_layer.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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
    /// Fills the second argument, one place per feature, with the sample of that number. The same
    /// number gives the same values. Any thread calls it, several at a time.
    using Compute = std::function<void(std::size_t, std::span<float>)>;
    /// Samples that are computed when they are asked for, and kept nowhere.
    Samples(std::size_t features, std::size_t samples, Compute compute);

    [[nodiscard]] std::size_t features() const noexcept { return features_; }
    [[nodiscard]] std::size_t samples() const noexcept { return samples_; }
    /// Nothing where the features are no pixels of an image, or nobody knows how they lie.
    [[nodiscard]] const std::optional<ImageShape>& image() const noexcept { return image_; }
    /// Says that each sample is an image of as many pixels as there are features.
    void set_image(const ImageShape& shape);

    /// Fills `into`, one place per feature. Throws what the bytes' source throws.
    void read(std::size_t sample, std::span<float> into) const;
    [[nodiscard]] std::vector<float> sample(std::size_t index) const;

    /// These samples and, after them, those of `more`, of as many features: images when these are.
    [[nodiscard]] Samples followed_by(const Samples& more) const;

  private:
    struct Part {
        std::shared_ptr<const ByteSource> bytes;
        std::uint64_t offset;
        StorageFormat format;
        std::size_t first; ///< its first sample's number
        /// Of samples that are computed, which have no bytes.
        std::shared_ptr<const Compute> compute{};
    };

    std::size_t features_ = 0;
    std::size_t samples_ = 0;
    std::optional<ImageShape> image_;
    std::vector<Part> parts_; ///< in order; one or two as a rule
};

} // namespace phyll::training
