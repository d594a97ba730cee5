#include "sim/bench/program/child.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace phyll::bench {
namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> result;
    for (std::string& word : words) {
        result.push_back(word.data());
    }
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> environment_with(const Environment& more) {
    std::vector<std::string> lines;
    for (char** line = environ; *line != nullptr; ++line) {
        const std::string text = *line;
        const std::string name = text.substr(0, text.find('='));
        if (std::ranges::find(more, name, &Environment::value_type::first) == more.end()) {
            lines.push_back(text);
        }
    }
    for (const auto& [name, value] : more) {
        lines.push_back(name + '=' + value);
    }
    return lines;
}

} // namespace

pid_t start_child(const std::vector<std::string>& command, const Environment& more) {
    std::vector<std::string> words = command;
    std::vector<std::string> lines = environment_with(more);
    pid_t child = -1;
    const int error = ::posix_spawnp(&child, words[0].c_str(), nullptr, nullptr,
                                     pointers(words).data(), pointers(lines).data());
    if (error != 0) {
        throw Error(Code::not_found, fmt::format("cannot start {}: {}", in_quotes(command[0]),
                                                 std::generic_category().message(error)));
    }
    return child;
}

int ended_with(pid_t child) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) != child) {
        return -1;
    }
    constexpr int by_signal = 128;
    return WIFEXITED(status) ? WEXITSTATUS(status) : by_signal + WTERMSIG(status);
}

} // namespace phyll::bench
