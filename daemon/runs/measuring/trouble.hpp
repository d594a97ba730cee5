#pragma once

#include "drivers/core/error.hpp"
#include "drivers/core/physical_layer.hpp"

#include <functional>
#include <stop_token>
#include <string>

namespace phyll::runs {

/// What a run does when something outside of it fails. Thread rule: the run's thread.
class Trouble {
  public:
    Trouble() = default;
    Trouble(const Trouble&) = delete;
    Trouble& operator=(const Trouble&) = delete;
    virtual ~Trouble() = default;

    /// A rig failed with `error`. Returns when it was recovered and may be asked again. Throws when
    /// the run is to end: CANCELLED when stopped, else the error in the instrument's own words.
    virtual void rig_failed(const std::string& rig, PhysicalLayer& layer, const Error& error,
                            const std::stop_token& stop) = 0;
    /// The disk failed with `error`. Returns when it is worth another try; throws as above.
    virtual void disk_failed(const Error& error, const std::stop_token& stop) = 0;
    /// The rig answered what it had failed at, or had not failed.
    virtual void rig_worked(const std::stop_token& stop) = 0;
    /// What was tried again succeeded, or nothing had failed; a rig that failed is another matter.
    virtual void over(const std::stop_token& stop) = 0;
};

/// Whether a rig that failed like that may do better after it was recovered. A stimulus that it
/// refuses, or that a recording does not know, fails again.
[[nodiscard]] inline bool may_pass(Code code) noexcept {
    return code == Code::unavailable || code == Code::deadline_exceeded ||
           code == Code::data_loss || code == Code::internal || code == Code::unknown ||
           code == Code::aborted;
}

/// Whether a disk that failed like that may do better later.
[[nodiscard]] inline bool disk_may_recover(Code code) noexcept {
    return code == Code::resource_exhausted || code == Code::unavailable ||
           code == Code::permission_denied;
}

/// Does something to the disk, again and again where that fails and there is hope; `trouble` may
/// be null: then once. Before it is told of a failure, `before` is called, unless it is empty.
template <class Work>
auto persist(Trouble* trouble, const std::stop_token& stop, Work&& work,
             const std::function<void()>& before = {}) {
    for (;;) {
        try {
            return work();
        } catch (const Error& error) {
            if (trouble == nullptr || !disk_may_recover(error.code())) {
                throw;
            }
            if (before) {
                before();
            }
            trouble->disk_failed(error, stop);
        }
    }
}

} // namespace phyll::runs
