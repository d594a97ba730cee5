#include "daemon/supervision/terminal.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace phyll::supervision {

bool has_terminal() {
    const int terminal = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (terminal < 0) {
        return false;
    }
    ::close(terminal);
    return true;
}

} // namespace phyll::supervision
