#pragma once

#include <cerrno>
#include <unistd.h>
#include <utility>

namespace phyll {

/// A file descriptor that closes itself; a negative one is none.
class Descriptor {
  public:
    explicit Descriptor(int value) : value_(value) {}
    Descriptor(Descriptor&& other) noexcept : value_(other.release()) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (value_ >= 0) {
            ::close(value_);
        }
    }

    [[nodiscard]] int get() const noexcept { return value_; }
    /// Whoever takes it closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(value_, -1); }

  private:
    int value_;
};

/// Whether the system's error `number` says that there is no room for what was to be written.
[[nodiscard]] inline bool means_full(int number) noexcept {
    return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

} // namespace phyll
