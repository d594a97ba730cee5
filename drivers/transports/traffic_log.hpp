#pragma once

#include "drivers/core/clock.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::transports {

/// What went over an instrument's wire, as far as somebody wants to see it.
///
/// Costs a look at a flag while it is off. Thread rule: all members may be called from any thread.
class TrafficLog {
  public:
    enum class Kind { sent, received, remark };

    struct Entry {
        std::uint64_t number = 0; ///< counted from 1
        Clock::Wall time;
        Kind kind = Kind::remark;
        std::string text; ///< printable; blocks of bytes are shortened
    };

    static constexpr std::size_t kept = 1000;

    /// `clock` outlives the log.
    explicit TrafficLog(const Clock& clock) : clock_(clock) {}

    void turn(bool on) noexcept { on_ = on; }
    [[nodiscard]] bool on() const noexcept { return on_; }

    void sent(std::span<const std::byte> message);
    void received(std::span<const std::byte> answer);
    /// On the connection: "connected", "timed out".
    void remark(std::string_view text);

    /// What was logged after the entry of that number, the oldest first; the last `kept` are there.
    [[nodiscard]] std::vector<Entry> after(std::uint64_t number) const;

  private:
    void add(Kind kind, std::string text);

    const Clock& clock_;
    std::atomic<bool> on_ = false;
    mutable std::mutex mutex_;
    std::deque<Entry> entries_;
    std::uint64_t last_ = 0;
};

/// Bytes of a message as people read them: text as it is, anything else as "<4,096 bytes>" or in
/// hexadecimal where it is short.
[[nodiscard]] std::string printable(std::span<const std::byte> message);

} // namespace phyll::transports
