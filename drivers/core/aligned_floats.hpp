#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace phyll {

/// Room for numbers that kernels work on: aligned to 64 bytes, a cache line and the widest register
/// there is; not initialised.
class AlignedFloats {
  public:
    AlignedFloats() = default;
    explicit AlignedFloats(std::size_t count)
        : data_(static_cast<float*>(::operator new(count * sizeof(float), alignment))) {}

    [[nodiscard]] float* data() noexcept { return data_.get(); }
    [[nodiscard]] const float* data() const noexcept { return data_.get(); }

  private:
    static constexpr std::align_val_t alignment{64};
    struct Free {
        void operator()(float* data) const noexcept { ::operator delete(data, alignment); }
    };
    std::unique_ptr<float, Free> data_;
};

} // namespace phyll
