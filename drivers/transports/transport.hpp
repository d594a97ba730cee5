#pragma once

#include "drivers/transports/patience.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::transports {

/// A way to an instrument: messages out, answers back.
///
/// Whatever waits throws DEADLINE_EXCEEDED at the deadline and CANCELLED on a request to stop, both
/// at once, and UNAVAILABLE when the instrument is not there or was shut away. After any of these
/// what comes back next may belong to an earlier message: `clear` brings both sides into step.
///
/// Thread rule: one caller at a time, but for `shut` and `is_shut`.
class Transport {
  public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport() = default;

    /// Connects when that is not so already. Does not try again: who waits for an instrument to
    /// come back decides how often.
    virtual void connect(const Patience& patience) = 0;
    /// Whether the last that was heard of the connection is that it stands.
    [[nodiscard]] virtual bool connected() const noexcept = 0;

    /// Sends one message, whatever bytes it holds, and what ends a message on this transport.
    virtual void write(std::span<const std::byte> message, const Patience& patience) = 0;
    void write(std::string_view message, const Patience& patience) {
        write(std::as_bytes(std::span(message)), patience);
    }

    /// An answer that is a line of text, without its end. Throws DATA_LOSS when it is longer than
    /// an answer in text can be.
    [[nodiscard]] virtual std::string read_line(const Patience& patience) = 0;
    /// An answer that is a definite-length block, "#<digits><length><bytes>" (IEEE 488.2, 8.7.9),
    /// without its header and end. Throws DATA_LOSS when it is none, or has more than `most` bytes.
    [[nodiscard]] virtual std::vector<std::byte> read_block(std::size_t most,
                                                            const Patience& patience) = 0;

    /// Brings both sides into step: nothing of an earlier exchange comes back after it. Throws as
    /// `connect` does.
    virtual void clear(const Patience& patience) = 0;

    /// Ends what is under way (UNAVAILABLE) and every later exchange: whoever still holds the
    /// transport can drive nothing through it. For good; from any thread.
    virtual void shut() noexcept = 0;
    [[nodiscard]] virtual bool is_shut() const noexcept = 0;

    /// The VISA resource string.
    [[nodiscard]] virtual const std::string& address() const noexcept = 0;
};

} // namespace phyll::transports
