#include "held_command.hpp"

#include "clients/cpp/held_lease.hpp"
#include "drivers/core/clock.hpp"
#include "lease_token.hpp"
#include "signals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace phyll::cli {
namespace {

/// What a command has to end by itself, once it is told to.
constexpr Seconds patience{5};
/// How often a child is looked for, beside its signal.
constexpr Seconds longest_wait{1};

sigset_t signals_to_wait_for() {
    sigset_t signals = ending_signals();
    ::sigaddset(&signals, SIGCHLD);
    return signals;
}

/// A command that runs in the group of this process, so that Ctrl-C reaches it, too.
class Child {
  public:
    Child(const std::vector<std::string>& command, const sigset_t& mask_of_before)
        : process_(::fork()) {
        if (process_ < 0) {
            throw Error(Code::resource_exhausted,
                        fmt::format("the command cannot be started: {}",
                                    std::generic_category().message(errno)));
        }
        if (process_ == 0) {
            become(command, mask_of_before);
        }
    }

    /// What it ended with; nothing while it runs.
    std::optional<int> ended() {
        int status = 0;
        if (!status_ && ::waitpid(process_, &status, WNOHANG) == process_) {
            status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        }
        return status_;
    }
    void signal(int number) const {
        if (!status_) {
            ::kill(process_, number);
        }
    }

  private:
    [[noreturn]] static void become(const std::vector<std::string>& command, const sigset_t& mask) {
        ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
        std::vector<char*> arguments;
        for (const std::string& argument : command) {
            arguments.push_back(const_cast<char*>(argument.c_str()));
        }
        arguments.push_back(nullptr);
        ::execvp(arguments[0], arguments.data());
        const std::string problem = fmt::format("phyllctl: cannot run {}: {}\n", command[0],
                                                std::generic_category().message(errno));
        static_cast<void>(::write(STDERR_FILENO, problem.data(), problem.size()));
        std::_Exit(127);
    }

    pid_t process_;
    std::optional<int> status_;
};

/// The next signal within a time that the command has not got itself; 0 when none came.
int next_signal(Seconds time) {
    const sigset_t signals = signals_to_wait_for();
    const auto nanoseconds = static_cast<long>(std::max(time.count(), 0.0) * 1e9);
    const timespec limit{.tv_sec = nanoseconds / 1'000'000'000,
                         .tv_nsec = nanoseconds % 1'000'000'000};
    siginfo_t about{};
    const int signal = ::sigtimedwait(&signals, &about, &limit);
    // What a terminal sends goes to the command, too: it is of the same group.
    return signal > 0 && about.si_code != SI_KERNEL ? signal : 0;
}

/// Ends the command: by a request first. However it ends, that was not well.
int end(Child& child, const Clock& clock) {
    child.signal(SIGTERM);
    const Deadline deadline = Deadline::after(clock, patience);
    while (!child.ended()) {
        if (deadline.passed(clock)) {
            child.signal(SIGKILL);
        }
        static_cast<void>(next_signal(Seconds(0.1)));
    }
    return *child.ended() != 0 ? *child.ended() : static_cast<int>(Exit::timed_out);
}

int watch(Child& child, HeldLease& lease, const Clock& clock) {
    while (!child.ended()) {
        const Seconds until_due(lease.next_renewal().at() - clock.now());
        const int signal = next_signal(std::min(until_due, longest_wait));
        if (signal != 0 && signal != SIGCHLD) {
            child.signal(signal);
        }
        try {
            lease.renew_if_due();
        } catch (const Error& error) {
            std::cerr << "phyllctl: " << error.what() << "; the command is ended\n";
            return end(child, clock);
        }
    }
    return *child.ended();
}

} // namespace

int run_under_lease(App& app, const v1::TakeLeaseRequest& wanted,
                    const std::vector<std::string>& command) {
    const SystemClock clock;
    app.let_signals_interrupt();
    HeldLease lease(app.client().address(), wanted, {}, clock, app.interrupt());
    ::setenv(lease_variable, token_in_hex(lease.token()).c_str(), 1);
    tell_children(app.place());
    sigset_t before;
    const sigset_t signals = signals_to_wait_for();
    ::pthread_sigmask(SIG_BLOCK, &signals, &before);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        ::sigdelset(&before, number);
    }
    lease.interrupt_by(-1); // from here on signals are the command's
    Child child(command, before);
    return watch(child, lease, clock);
}

} // namespace phyll::cli
