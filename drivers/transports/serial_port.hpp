#pragma once

#include "drivers/transports/stream_port.hpp"
#include "drivers/transports/visa_resource.hpp"

#include <memory>
#include <string>

namespace phyll::transports {

/// A serial line (8N1, no flow control), not open yet, which nobody else opens while this port has
/// it. Each `connect` opens the device file anew: an adapter that was plugged in again is found by
/// a path that stays, such as those in /dev/serial/by-id.
///
/// `clear` forgets what is buffered, both ways; what the instrument has not sent yet still comes,
/// since a serial line has no device clear. `clock` and `log` outlive the port.
[[nodiscard]] std::unique_ptr<StreamPort>
make_serial_port(std::string resource, SerialAddress address, const SerialSettings& settings,
                 const Clock& clock, TrafficLog& log, Logged logged);

} // namespace phyll::transports
