#pragma once

#include <cassert>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace phyll {

/// A view of `channels x samples` numbers, each sample's values consecutive in memory (column-major
/// in Eigen's terms, C order of shape `(samples, channels)` in numpy's). Owns nothing.
template <class T>
class BasicBlock {
  public:
    BasicBlock() = default;
    BasicBlock(T* data, std::size_t channels, std::size_t samples)
        : data_(data), channels_(channels), samples_(samples) {}

    /// A mutable view converts to a constant one.
    template <class U>
        requires(std::is_const_v<T> && std::is_same_v<std::remove_const_t<T>, U>)
    BasicBlock(const BasicBlock<U>& other) // NOLINT(google-explicit-constructor)
        : data_(other.data()), channels_(other.channels()), samples_(other.samples()) {}

    [[nodiscard]] T* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t channels() const noexcept { return channels_; }
    [[nodiscard]] std::size_t samples() const noexcept { return samples_; }
    [[nodiscard]] std::size_t size() const noexcept { return channels_ * samples_; }
    [[nodiscard]] std::span<T> values() const noexcept { return {data_, size()}; }
    [[nodiscard]] std::span<T> sample(std::size_t index) const noexcept {
        assert(index < samples_);
        return {data_ + index * channels_, channels_};
    }
    /// The samples [first, first + count).
    [[nodiscard]] BasicBlock slice(std::size_t first, std::size_t count) const noexcept {
        assert(first + count <= samples_);
        return {data_ + first * channels_, channels_, count};
    }

  private:
    T* data_ = nullptr;
    std::size_t channels_ = 0;
    std::size_t samples_ = 0;
};

using Block = BasicBlock<float>;
using ConstBlock = BasicBlock<const float>;

/// A block that owns its numbers; zero at first.
class OwnedBlock {
  public:
    OwnedBlock() = default;
    OwnedBlock(std::size_t channels, std::size_t samples)
        : values_(channels * samples), channels_(channels), samples_(samples) {}

    [[nodiscard]] Block view() noexcept { return {values_.data(), channels_, samples_}; }
    [[nodiscard]] ConstBlock view() const noexcept { return {values_.data(), channels_, samples_}; }
    [[nodiscard]] std::size_t channels() const noexcept { return channels_; }
    [[nodiscard]] std::size_t samples() const noexcept { return samples_; }
    [[nodiscard]] std::span<float> sample(std::size_t i) noexcept { return view().sample(i); }
    [[nodiscard]] std::span<const float> sample(std::size_t i) const noexcept {
        return view().sample(i);
    }

  private:
    std::vector<float> values_;
    std::size_t channels_ = 0;
    std::size_t samples_ = 0;
};

} // namespace phyll
