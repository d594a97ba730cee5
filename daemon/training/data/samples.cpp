#include "daemon/training/data/samples.hpp"

#include "drivers/core/sample_codec.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace phyll::training {
namespace {

/// The numbers of a block, as bytes.
class BlockBytes final : public ByteSource {
  public:
    explicit BlockBytes(OwnedBlock block) : block_(std::move(block)) {}

    [[nodiscard]] std::uint64_t size() const override { return bytes().size(); }
    void read(std::uint64_t offset, std::span<std::byte> into) const override {
        check_within(offset, into.size(), size());
        std::ranges::copy(bytes().subspan(offset, into.size()), into.begin());
    }

  private:
    [[nodiscard]] std::span<const std::byte> bytes() const {
        return std::as_bytes(block_.view().values());
    }

    OwnedBlock block_;
};

constexpr StorageFormat as_float{.kind = StorageFormat::Kind::float32};

} // namespace

Samples::Samples(OwnedBlock values) : features_(values.channels()), samples_(values.samples()) {
    parts_.push_back({std::make_shared<BlockBytes>(std::move(values)), 0, as_float, 0, nullptr});
}

Samples::Samples(std::shared_ptr<const ByteSource> bytes, std::uint64_t offset,
                 const StorageFormat& format, std::size_t features, std::size_t samples)
    : features_(features), samples_(samples) {
    check_within(offset, std::uint64_t{SampleCodec(format, features).bytes()} * samples,
                 bytes->size());
    parts_.push_back({std::move(bytes), offset, format, 0, nullptr});
}

Samples::Samples(std::size_t features, std::size_t samples, Compute compute)
    : features_(features), samples_(samples) {
    parts_.push_back({.bytes = nullptr,
                      .offset = 0,
                      .format = as_float,
                      .first = 0,
                      .compute = std::make_shared<const Compute>(std::move(compute))});
}

void Samples::set_image(const ImageShape& shape) {
    assert(shape.pixels() == features_);
    image_ = shape;
}

void Samples::read(std::size_t sample, std::span<float> into) const {
    assert(sample < samples_ && into.size() == features_);
    const auto after = std::ranges::upper_bound(parts_, sample, {}, &Part::first);
    const Part& part = *std::prev(after);
    if (part.compute) {
        (*part.compute)(sample - part.first, into);
        return;
    }
    const SampleCodec codec(part.format, features_);
    const std::uint64_t place = part.offset + std::uint64_t{sample - part.first} * codec.bytes();
    if (part.format.kind == StorageFormat::Kind::float32) {
        part.bytes->read(place, std::as_writable_bytes(into));
        return;
    }
    std::vector<std::byte> stored(codec.bytes());
    part.bytes->read(place, stored);
    codec.decode(stored, into);
}

std::vector<float> Samples::sample(std::size_t index) const {
    std::vector<float> values(features_);
    read(index, values);
    return values;
}

Samples Samples::followed_by(const Samples& more) const {
    assert(features_ == more.features_);
    Samples both = *this;
    for (Part part : more.parts_) {
        part.first += samples_;
        both.parts_.push_back(std::move(part));
    }
    both.samples_ += more.samples_;
    return both;
}

} // namespace phyll::training
