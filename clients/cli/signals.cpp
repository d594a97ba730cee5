#include "signals.hpp"

#include <cmath>

namespace phyll::cli {

sigset_t ending_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGINT);
    ::sigaddset(&signals, SIGTERM);
    // A terminal that closes ends what was asked for there, unless nohup says otherwise.
    struct sigaction hangup{};
    if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) {
        ::sigaddset(&signals, SIGHUP);
    }
    return signals;
}

void block_ending_signals() {
    const sigset_t signals = ending_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

bool ending_signal_within(Seconds time) {
    const sigset_t signals = ending_signals();
    const double whole = std::floor(time.count());
    const timespec limit{.tv_sec = static_cast<time_t>(whole),
                         .tv_nsec = static_cast<long>((time.count() - whole) * 1e9)};
    return ::sigtimedwait(&signals, nullptr, &limit) > 0;
}

} // namespace phyll::cli
