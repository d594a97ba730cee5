#include "sim/bench/serial/pseudo_terminal.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <system_error>
#include <termios.h>
#include <utility>

namespace phyll::bench {
namespace {

Error no_terminal() {
    return {Code::unavailable, fmt::format("cannot make a pseudo-terminal: {}",
                                           std::generic_category().message(errno))};
}

void make_raw(int terminal) {
    termios settings{};
    if (::tcgetattr(terminal, &settings) != 0) {
        throw no_terminal();
    }
    ::cfmakeraw(&settings);
    if (::tcsetattr(terminal, TCSANOW, &settings) != 0) {
        throw no_terminal();
    }
}

} // namespace

PseudoTerminal PseudoTerminal::open() {
    Descriptor ours(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (ours.get() < 0 || ::grantpt(ours.get()) != 0 || ::unlockpt(ours.get()) != 0) {
        throw no_terminal();
    }
    std::array<char, 64> path{};
    if (::ptsname_r(ours.get(), path.data(), path.size()) != 0) {
        throw no_terminal();
    }
    Descriptor theirs(::open(path.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (theirs.get() < 0) {
        throw no_terminal();
    }
    make_raw(theirs.get());
    return {std::move(ours), std::move(theirs), path.data()};
}

void PseudoTerminal::share() const {
    static_cast<void>(::ioctl(theirs.get(), TIOCNXCL));
}

} // namespace phyll::bench
