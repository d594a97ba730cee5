#include "daemon/doctor/lock_state.hpp"

#include "daemon/doctor/processes.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <sstream>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace phyll::doctor {
namespace {

/// Whether /proc/locks has a line such as "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF" of it.
/// Lines of others are hidden from a container, and where a file system has no device of its own
/// the numbers are others.
bool is_listed(const Host& host, const struct stat& file) {
    std::istringstream lines(host.read("/proc/locks").value_or(""));
    const std::string place =
        fmt::format("{:02x}:{:02x}:{}", ::major(file.st_dev), ::minor(file.st_dev), file.st_ino);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string number;
        std::string kind;
        std::string strictness;
        std::string mode;
        std::string process;
        std::string where;
        words >> number >> kind >> strictness >> mode >> process >> where;
        if (kind == "FLOCK" && where == place) {
            return true;
        }
    }
    return false;
}

} // namespace

LockState lock_state(const Host& host, const std::filesystem::path& file) {
    LockState state;
    struct stat found{};
    if (::stat(host.at(file).c_str(), &found) != 0) {
        return state;
    }
    const std::string text = host.line_of(file);
    std::from_chars(text.data(), text.data() + text.size(), state.written);
    state.held = is_listed(host, found);
    if (state.written <= 0) {
        return state;
    }
    if (const auto process = process_of(host, state.written)) {
        state.alive = true;
        state.command = utf8(fmt::format("{}", fmt::join(process->arguments, " ")));
        state.held = state.held || has_open(host, process->number, file);
    }
    return state;
}

} // namespace phyll::doctor
