#pragma once

#include "drivers/core/descriptor.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>

namespace phyll::instruments {

/// Who drives an instrument.
struct LockHolder {
    pid_t process = 0;
    std::string command; ///< its command line, as far as it can be seen
};

/// By which all processes of a machine agree on who drives an instrument: a locked file, which is
/// free again when its process is gone, however it went.
class InstrumentLock {
  public:
    /// `key` is the instrument's identity or its address. Throws FAILED_PRECONDITION saying which
    /// process holds it, PERMISSION_DENIED when the folder cannot be written to.
    InstrumentLock(const std::filesystem::path& folder, const std::string& key);

  private:
    Descriptor file_;
};

/// The file of a lock, which no other key has.
[[nodiscard]] std::filesystem::path lock_file(const std::filesystem::path& folder,
                                              const std::string& key);

/// Nothing when nobody holds the lock, or never did.
[[nodiscard]] std::optional<LockHolder> holder_of(const std::filesystem::path& folder,
                                                  const std::string& key);

/// Whether another process than this one has the file of a lock open, as the system sees it: what
/// is written in the file is only what somebody wrote.
[[nodiscard]] bool holds(pid_t process, const std::filesystem::path& folder,
                         const std::string& key);

} // namespace phyll::instruments
