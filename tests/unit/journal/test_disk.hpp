#pragma once

#include "drivers/core/journal/file.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace phyll::journal::test {

/// A disk that does what a test wants: is full, fails, is slow, writes a little at a time. Really
/// writes files, and really syncs none. Thread rule: any thread.
class TestDisk {
  public:
    TestDisk();
    [[nodiscard]] OpenFile open() const;

    /// No byte at or behind `offset` can be written: what fits is, the next call fails.
    void full_at(std::uint64_t offset, int error);
    void fail_syncs(int error);
    void fail_truncation(int error);
    void heal(); ///< takes back the three above
    /// Each write takes at most so many bytes.
    void write_at_most(std::size_t bytes);
    /// Syncs wait until `release`.
    void hold();
    void release();
    void await_held() const; ///< until one waits

    [[nodiscard]] std::size_t syncs() const;

  private:
    struct State;
    class Wrapped;

    std::shared_ptr<State> state_;
};

} // namespace phyll::journal::test
