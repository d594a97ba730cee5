#pragma once

#include "drivers/transports/patience.hpp"
#include "drivers/transports/traffic_log.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace phyll::transports {

/// A way for bytes, both ways, that knows no messages: what a controller with a protocol of frames
/// is reached by.
///
/// Throws what `Transport` throws; here, too, whoever gave up waiting may find a late answer in its
/// place: `discard` before the next question. Thread rule: one caller at a time, but for `shut` and
/// `is_shut`.
class BytePort {
  public:
    BytePort() = default;
    BytePort(const BytePort&) = delete;
    BytePort& operator=(const BytePort&) = delete;
    virtual ~BytePort() = default;

    /// Connects when that is not so already.
    virtual void connect(const Patience& patience) = 0;
    [[nodiscard]] virtual bool connected() const noexcept = 0;
    /// So that the next `connect` makes a new connection.
    virtual void disconnect() noexcept = 0;

    /// Sends all bytes.
    virtual void write(std::span<const std::byte> bytes, const Patience& patience) = 0;
    /// Waits until at least one byte is there; returns how many it put into `into`, which is not
    /// empty.
    [[nodiscard]] virtual std::size_t read_some(std::span<std::byte> into,
                                                const Patience& patience) = 0;
    /// Forgets what has come and was not read.
    virtual void discard() noexcept = 0;

    /// See Transport.
    virtual void shut() noexcept = 0;
    [[nodiscard]] virtual bool is_shut() const noexcept = 0;

    /// The VISA resource string.
    [[nodiscard]] virtual const std::string& address() const noexcept = 0;
};

/// How a serial line is run; other ways have no use for it.
struct SerialSettings {
    unsigned baud = 115200;
};

/// The port that a resource string names, a serial line ("ASRL/dev/ttyUSB0::INSTR") or a raw socket
/// ("TCPIP0::host::port::SOCKET"), not connected yet. `clock` and `log` outlive it. Throws
/// INVALID_ARGUMENT about the field `address`.
[[nodiscard]] std::unique_ptr<BytePort> open_byte_port(std::string_view resource,
                                                       const SerialSettings& serial,
                                                       const Clock& clock, TrafficLog& log);

} // namespace phyll::transports
