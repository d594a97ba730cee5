#pragma once

#include <system_error>

namespace phyll::transports {

/// Sets an open serial line to raw bytes, 8 data bits, no parity, one stop bit, no flow control, at
/// any speed that its driver takes, also such as have no name in POSIX, and keeps others from
/// opening it (TIOCEXCL). Control lines stay as they are when it is closed: some controllers take
/// a change for a reset.
[[nodiscard]] std::error_code set_up_serial_line(int descriptor, unsigned baud) noexcept;

/// Forgets what has come and was not read.
void drop_input(int descriptor) noexcept;
/// Forgets what waits to be sent as well.
void drop_all(int descriptor) noexcept;

/// Makes closing a line wait for nothing, and lets others open it.
void let_go_of_serial_line(int descriptor) noexcept;

} // namespace phyll::transports
