#include "drivers/core/sample_store.hpp"

#include <cassert>
#include <cstdint>
#include <utility>

namespace phyll {

SampleStore::SampleStore(const StorageFormat& format, std::size_t channels,
                         std::unique_ptr<ByteStore> bytes)
    : codec_(format, channels),
      bytes_(bytes ? std::move(bytes) : std::make_unique<MemoryBytes>()),
      buffer_(codec_.bytes()) {}

void SampleStore::resize(std::size_t samples) {
    bytes_->resize(std::uint64_t{samples} * buffer_.size());
    samples_ = samples;
}

void SampleStore::append(std::span<const float> values) {
    codec_.encode(values, buffer_);
    const std::uint64_t end = std::uint64_t{samples_} * buffer_.size();
    bytes_->resize(end + buffer_.size());
    bytes_->write(end, buffer_);
    ++samples_;
}

void SampleStore::write(std::size_t sample, std::span<const float> values) {
    assert(sample < samples_);
    codec_.encode(values, buffer_);
    bytes_->write(std::uint64_t{sample} * buffer_.size(), buffer_);
}

void SampleStore::read(std::size_t sample, std::span<float> values) const {
    assert(sample < samples_);
    bytes_->read(std::uint64_t{sample} * buffer_.size(), buffer_);
    codec_.decode(buffer_, values);
}

} // namespace phyll
