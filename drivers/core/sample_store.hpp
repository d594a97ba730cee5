#pragma once

#include "drivers/core/bytes.hpp"
#include "drivers/core/sample_codec.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace phyll {

/// Samples of one shape, kept without loss in the format that a rig states, wherever its bytes are.
/// Grows. Thread rule: one caller at a time.
class SampleStore {
  public:
    /// `bytes` is an empty store; null: in memory. Throws as SampleCodec does.
    SampleStore(const StorageFormat& format, std::size_t channels,
                std::unique_ptr<ByteStore> bytes = nullptr);

    [[nodiscard]] std::size_t channels() const noexcept { return codec_.channels(); }
    [[nodiscard]] std::size_t samples() const noexcept { return samples_; }

    /// New samples are whatever bytes of zero stand for.
    void resize(std::size_t samples);

    /// `values` has one place per channel. Throws INTERNAL when a value would not come back as it
    /// is, RESOURCE_EXHAUSTED when there is no room; then the store is as it was.
    void append(std::span<const float> values);
    void write(std::size_t sample, std::span<const float> values);

    void read(std::size_t sample, std::span<float> values) const;

  private:
    SampleCodec codec_;
    std::unique_ptr<ByteStore> bytes_;
    std::size_t samples_ = 0;
    mutable std::vector<std::byte> buffer_; ///< one sample
};

} // namespace phyll
