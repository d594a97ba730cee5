#include "sim/bench/acoustic/child_program.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace phyll::bench {
namespace {

using std::chrono::milliseconds;

/// What a program may take to end by itself.
constexpr milliseconds farewell{2'000};
constexpr int most_descriptors = 4'096;

std::string path_of(const std::string& name) {
    std::error_code failed;
    const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe", failed);
    const std::filesystem::path beside = own.parent_path() / name;
    return !failed && std::filesystem::exists(beside, failed) ? beside.string() : name;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> all;
    for (std::string& word : words) {
        all.push_back(word.data());
    }
    all.push_back(nullptr);
    return all;
}

} // namespace

ChildProgram::ChildProgram(std::vector<std::string> command) : name_(command.front()) {
    command.front() = path_of(command.front());
    const std::vector<char*> words = pointers_to(command);
    std::array<int, 2> pipe{};
    const Descriptor nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
        throw Error(Code::unavailable, "no pipe is to be had");
    }
    output_.emplace(pipe[0]);
    const Descriptor write_end(pipe[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        ::dup2(nowhere.get(), STDIN_FILENO);
        ::dup2(write_end.get(), STDOUT_FILENO);
        ::dup2(nowhere.get(), STDERR_FILENO);
        // Connections that it kept open would not end with those who have them.
        for (int each = STDERR_FILENO + 1; each < most_descriptors; ++each) {
            ::close(each);
        }
        ::execvp(words[0], words.data());
        ::_exit(127);
    }
    if (pid_ < 0) {
        throw Error(Code::unavailable, fmt::format("cannot start {}: {}", name_,
                                                   std::generic_category().message(errno)));
    }
}

ChildProgram::~ChildProgram() {
    if (!runs()) {
        return;
    }
    ::kill(pid_, SIGTERM);
    const auto end = std::chrono::steady_clock::now() + farewell;
    while (runs() && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(milliseconds(5));
    }
    kill();
}

void ChildProgram::kill() noexcept {
    if (!ended_) {
        ::kill(pid_, SIGKILL);
        ended_ = ::waitpid(pid_, nullptr, 0) == pid_;
    }
}

bool ChildProgram::runs() noexcept {
    ended_ = ended_ || ::waitpid(pid_, nullptr, WNOHANG) == pid_;
    return !ended_;
}

std::string ChildProgram::first_line(Seconds most) {
    std::string line;
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::duration_cast<milliseconds>(most);
    for (;;) {
        const auto left =
            std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
        pollfd wanted{.fd = output_->get(), .events = POLLIN, .revents = 0};
        char c = 0;
        if (left.count() <= 0 || ::poll(&wanted, 1, static_cast<int>(left.count())) <= 0 ||
            ::read(output_->get(), &c, 1) != 1) {
            throw Error(Code::unavailable,
                        fmt::format("{} does not start; is it installed?", name_));
        }
        if (c == '\n') {
            return line;
        }
        line += c;
    }
}

} // namespace phyll::bench
