#include "drivers/transports/serial_line.hpp"

// The kernel's own termios2 rather than <termios.h>, which knows only speeds with a name.
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <cerrno>
#include <sys/ioctl.h>

namespace phyll::transports {

std::error_code set_up_serial_line(int descriptor, unsigned baud) noexcept {
    termios2 line{};
    if (::ioctl(descriptor, TCGETS2, &line) != 0) {
        return {errno, std::system_category()};
    }
    line.c_iflag = 0;
    line.c_oflag = 0;
    line.c_lflag = 0;
    line.c_cflag = CS8 | CREAD | CLOCAL | BOTHER | (BOTHER << IBSHIFT);
    line.c_ispeed = baud;
    line.c_ospeed = baud;
    line.c_cc[VMIN] = 1;
    line.c_cc[VTIME] = 0;
    if (::ioctl(descriptor, TCSETS2, &line) != 0 || ::ioctl(descriptor, TIOCEXCL) != 0) {
        return {errno, std::system_category()};
    }
    return {};
}

void drop_input(int descriptor) noexcept {
    ::ioctl(descriptor, TCFLSH, TCIFLUSH);
}

void drop_all(int descriptor) noexcept {
    ::ioctl(descriptor, TCFLSH, TCIOFLUSH);
}

void let_go_of_serial_line(int descriptor) noexcept {
    drop_all(descriptor);
    ::ioctl(descriptor, TIOCNXCL);
}

} // namespace phyll::transports
