#include "tests/unit/drivers/pseudo_terminal.hpp"

// The kernel's termios2: <termios.h> cannot say what speed a line without a named one has.
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <sys/ioctl.h>
#include <unistd.h>

namespace phyll::test {
namespace {

termios2 settings_of(int descriptor) {
    termios2 settings{};
    if (::ioctl(descriptor, TCGETS2, &settings) != 0) {
        throw std::runtime_error("no pseudo-terminal");
    }
    return settings;
}

} // namespace

PseudoTerminal::PseudoTerminal() {
    plug_in();
}

PseudoTerminal::~PseudoTerminal() {
    pull_out();
}

std::string PseudoTerminal::device() const {
    return (folder_.path() / "line").string();
}

void PseudoTerminal::plug_in() {
    other_end_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    char name[64];
    if (other_end_ < 0 || ::grantpt(other_end_) != 0 || ::unlockpt(other_end_) != 0 ||
        ::ptsname_r(other_end_, name, sizeof name) != 0) {
        throw std::runtime_error("cannot make a pseudo-terminal");
    }
    std::filesystem::create_symlink(name, device());
}

void PseudoTerminal::pull_out() {
    if (other_end_ >= 0) {
        std::filesystem::remove(device());
        ::close(other_end_);
        other_end_ = -1;
    }
}

std::string PseudoTerminal::received(std::size_t count) const {
    std::string bytes(count, '\0');
    for (std::size_t i = 0; i < count;) {
        const ssize_t got = ::read(other_end_, bytes.data() + i, count - i);
        if (got <= 0) {
            throw std::runtime_error("nobody has the line open");
        }
        i += static_cast<std::size_t>(got);
    }
    return bytes;
}

void PseudoTerminal::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t count = ::write(other_end_, bytes.data(), bytes.size());
        if (count < 0) {
            throw std::runtime_error("the line takes nothing");
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

unsigned PseudoTerminal::baud() const {
    return settings_of(other_end_).c_ospeed;
}

bool PseudoTerminal::raw() const {
    const termios2 settings = settings_of(other_end_);
    return settings.c_iflag == 0 && settings.c_oflag == 0 && settings.c_lflag == 0 &&
           (settings.c_cflag & (CSIZE | PARENB | CSTOPB | CRTSCTS)) == CS8;
}

bool PseudoTerminal::exclusive() const {
    const int another = ::open(device().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (another < 0) {
        return errno == EBUSY;
    }
    // The system's administrator may open it nevertheless, and can ask.
    int is_exclusive = 0;
    const bool known = ::ioctl(another, TIOCGEXCL, &is_exclusive) == 0;
    ::close(another);
    return known && is_exclusive != 0;
}

} // namespace phyll::test
