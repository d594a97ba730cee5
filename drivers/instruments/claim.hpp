#pragma once

#include "drivers/instruments/instrument.hpp"
#include "drivers/instruments/instrument_lock.hpp"

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

namespace phyll::instruments {

/// What a driver needs to have before it drives an instrument, however it talks to it: that nobody
/// else does, and that it is the instrument that it is taken for.
///
/// Thread rule: all members may be called from any thread.
class Claim {
  public:
    Claim(InstrumentSettings settings, std::filesystem::path lock_dir);

    [[nodiscard]] const InstrumentSettings& settings() const noexcept { return settings_; }

    /// Before anything is sent to the address. Throws FAILED_PRECONDITION when another process has
    /// it, UNAVAILABLE once it was given up.
    void lock_address();
    /// Before anything but the question for its identity is. Throws FAILED_PRECONDITION when it is
    /// another instrument than it should be, or another process drives it at another address.
    void accept(const Identity& identity);

    /// It is connected, for the n-th time, `life` being n.
    void connected(const Identity& identity, std::uint64_t life);
    void lost(const std::string& why);
    /// Gives up the locks; for good.
    void give_up() noexcept;

    /// Without dialect and output, which others know.
    [[nodiscard]] InstrumentStatus status() const;

  private:
    const InstrumentSettings settings_;
    const std::filesystem::path lock_dir_;
    mutable std::mutex mutex_; ///< of what follows
    InstrumentStatus status_;
    bool given_up_ = false;
    std::optional<InstrumentLock> address_lock_;
    std::optional<InstrumentLock> identity_lock_;
};

} // namespace phyll::instruments
