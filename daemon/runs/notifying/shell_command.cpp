#include "daemon/runs/notifying/shell_command.hpp"

#include "drivers/core/descriptor.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace phyll::runs {
namespace {

using Time = std::chrono::steady_clock;

/// How often is looked whether a command has ended.
constexpr int look_every_ms = 20;
/// What is kept of its output.
constexpr std::size_t most_output = 4096;

Error no_process(int number) {
    return {Code::unavailable,
            fmt::format("no process can be started: {}", std::generic_category().message(number))};
}

/// A file without a name that holds `text`: it can be read at leisure, and nobody has to write it.
Descriptor file_with(std::string_view text) {
    Descriptor file(::memfd_create("notice", MFD_CLOEXEC));
    if (file.get() < 0) {
        throw no_process(errno);
    }
    while (!text.empty()) {
        const ssize_t count = ::write(file.get(), text.data(), text.size());
        if (count < 0 && errno != EINTR) {
            throw no_process(errno);
        }
        text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

/// How a process is started: in a group of its own, with the signals as they are for a new program,
/// and with no other files than its three.
class SpawnSettings {
  public:
    SpawnSettings(int input, int output) {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
        ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
        ::posix_spawnattr_init(&attributes_);
        sigset_t signals;
        ::sigemptyset(&signals);
        ::posix_spawnattr_setsigmask(&attributes_, &signals);
        ::sigfillset(&signals);
        ::posix_spawnattr_setsigdefault(&attributes_, &signals);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                     POSIX_SPAWN_SETSIGDEF);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    [[nodiscard]] pid_t start(std::string command) const {
        std::string shell = "/bin/sh";
        std::string flag = "-c";
        const std::array<char*, 4> words{shell.data(), flag.data(), command.data(), nullptr};
        pid_t process = -1;
        const int error =
            ::posix_spawn(&process, shell.c_str(), &actions_, &attributes_, words.data(), environ);
        if (error != 0) {
            throw no_process(error);
        }
        return process;
    }

  private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

/// A shell that runs, and what it writes.
class Shell {
  public:
    Shell(const std::string& command, std::string_view input) {
        const Descriptor text = file_with(input);
        std::array<int, 2> pipe{};
        if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
            throw no_process(errno);
        }
        output_ = pipe[0];
        const Descriptor write_end(pipe[1]);
        ::fcntl(output_, F_SETFL, O_NONBLOCK);
        try {
            process_ = SpawnSettings(text.get(), write_end.get()).start(command);
        } catch (const Error&) {
            ::close(output_);
            throw;
        }
    }
    Shell(const Shell&) = delete;
    Shell& operator=(const Shell&) = delete;
    ~Shell() { hang_up(); }

    /// Waits a little for its end, or for what it writes. True when it has ended.
    bool ended() {
        pollfd wanted{.fd = output_, .events = POLLIN, .revents = 0};
        if (::poll(&wanted, 1, look_every_ms) > 0) {
            read_some();
        }
        return ::waitpid(process_, &status_, WNOHANG) == process_;
    }
    void kill() const { ::kill(-process_, SIGKILL); }

    /// What `waitpid` said at its end.
    [[nodiscard]] int status() const { return status_; }
    /// Of what it has written by now.
    [[nodiscard]] std::string first_line() {
        while (read_some()) {
        }
        return utf8(trimmed(std::string_view(written_).substr(0, written_.find('\n'))));
    }

  private:
    void hang_up() {
        if (output_ >= 0) {
            ::close(std::exchange(output_, -1));
        }
    }
    /// False when there is nothing.
    bool read_some() {
        std::array<char, most_output> buffer;
        const ssize_t count = output_ < 0 ? 0 : ::read(output_, buffer.data(), buffer.size());
        if (count == 0) {
            hang_up();
        }
        if (count <= 0) {
            return false;
        }
        const std::size_t room = most_output - written_.size();
        written_.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
        return written_.size() < most_output;
    }

    pid_t process_ = -1;
    int output_ = -1; ///< negative when it writes nothing any more
    int status_ = 0;
    std::string written_;
};

} // namespace

CommandEnd run_shell(const std::string& command, std::string_view input,
                     const CommandLimits& limits, const std::stop_token& stop) {
    const auto later = [](Seconds time) {
        return Time::now() + std::chrono::duration_cast<Time::duration>(time);
    };
    Shell shell(command, input);
    CommandEnd end;
    const Time::time_point last = later(limits.time);
    Time::time_point farewell = Time::time_point::max();
    while (!shell.ended()) {
        if (stop.stop_requested() && farewell == Time::time_point::max()) {
            farewell = later(limits.farewell);
        }
        if (Time::now() >= std::min(last, farewell)) {
            end.how = farewell < last ? CommandEnd::How::stopped : CommandEnd::How::out_of_time;
            shell.kill();
        }
    }
    if (end.how == CommandEnd::How::exited && WIFSIGNALED(shell.status())) {
        end.how = CommandEnd::How::ended_by_signal;
    }
    end.number =
        WIFSIGNALED(shell.status()) ? WTERMSIG(shell.status()) : WEXITSTATUS(shell.status());
    end.first_line = shell.first_line();
    return end;
}

} // namespace phyll::runs
