#pragma once

#include <cstddef>
#include <filesystem>
#include <mutex>

namespace phyll::runs {

/// Room on the disk that is kept for last words: a file without content beside the database. When
/// the disk is full it is given up, so that how a run ended can still be stored.
/// Thread rule: any thread.
class Reserve {
  public:
    static constexpr std::size_t size = std::size_t{1} << 20U; ///< bytes

    /// Allocates the file where it is missing or too small. Throws RESOURCE_EXHAUSTED when there is
    /// no room for it, PERMISSION_DENIED or UNAVAILABLE when it cannot be written.
    explicit Reserve(std::filesystem::path file);
    Reserve(const Reserve&) = delete;
    Reserve& operator=(const Reserve&) = delete;
    ~Reserve() = default;

    /// Frees the room. False when it was given up before.
    bool give_up();
    /// Takes the room again after it was given up, once the disk has twice as much free. Returns
    /// whether it is held.
    bool restore();

  private:
    const std::filesystem::path file_;
    std::mutex mutex_;
    bool held_ = true;
};

} // namespace phyll::runs
