#include "daemon/doctor/processes.hpp"

#include "drivers/core/number_of.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace phyll::doctor {
namespace {

std::filesystem::path folder_of_process(pid_t number) {
    return "/proc/" + std::to_string(number);
}

ProcessView view_of(const Host& host, pid_t number) {
    const std::filesystem::path folder = folder_of_process(number);
    ProcessView view{.number = number, .name = host.line_of(folder / "comm"), .arguments = {}};
    std::string argument;
    for (const char c : host.read(folder / "cmdline").value_or("")) {
        if (c == '\0') {
            view.arguments.push_back(std::move(argument));
            argument.clear();
        } else {
            argument += c;
        }
    }
    return view;
}

} // namespace

std::string ProcessView::option(std::string_view wanted) const {
    for (std::size_t k = 0; k < arguments.size(); ++k) {
        const std::string& argument = arguments[k];
        if (argument == wanted && k + 1 < arguments.size()) {
            return arguments[k + 1];
        }
        if (argument.starts_with(wanted) && argument.size() > wanted.size() &&
            argument[wanted.size()] == '=') {
            return argument.substr(wanted.size() + 1);
        }
    }
    return {};
}

std::string ProcessView::in_words() const {
    return fmt::format("{} (process {})", name.empty() ? "a program" : name, number);
}

std::vector<ProcessView> processes(const Host& host) {
    std::vector<ProcessView> found;
    for (const std::filesystem::path& entry : host.entries("/proc")) {
        if (const auto number = number_of<pid_t>(entry.filename().string())) {
            found.push_back(view_of(host, *number));
        }
    }
    return found;
}

std::optional<ProcessView> process_of(const Host& host, pid_t number) {
    const auto status = host.read(folder_of_process(number) / "status");
    if (!status) {
        return std::nullopt;
    }
    constexpr std::string_view group = "\nTgid:";
    if (const std::size_t at = status->find(group); at != std::string::npos) {
        const std::string_view rest = std::string_view(*status).substr(at + group.size());
        number = number_of<pid_t>(trimmed(rest.substr(0, rest.find('\n')))).value_or(number);
    }
    return view_of(host, number);
}

std::vector<ProcessView> named(const std::vector<ProcessView>& all,
                               const std::vector<std::string_view>& names) {
    std::vector<ProcessView> found;
    std::ranges::copy_if(all, std::back_inserter(found), [&](const ProcessView& process) {
        return std::ranges::any_of(names, [&](std::string_view name) {
            return process.name == name.substr(0, 15); // the kernel keeps no more
        });
    });
    return found;
}

bool has_open(const Host& host, pid_t process, const std::filesystem::path& file) {
    const std::filesystem::path wanted = host.at(file);
    return std::ranges::any_of(
        host.entries(folder_of_process(process) / "fd"), [&](const std::filesystem::path& open) {
            std::error_code unknown;
            return std::filesystem::equivalent(host.at(open), wanted, unknown);
        });
}

std::optional<bool> is_listened_to(const Host& host, std::uint16_t port) {
    constexpr std::string_view listening = "0A";
    const std::string wanted = fmt::format(":{:04X}", port);
    bool known = false;
    for (const char* file : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
        const auto table = host.read(file);
        if (!table) {
            continue;
        }
        std::istringstream lines(*table);
        std::string line;
        std::getline(lines, line); // what the columns are
        known = known || line.find("local_address") != std::string::npos;
        while (std::getline(lines, line)) {
            std::istringstream words(line);
            std::string number;
            std::string local;
            std::string remote;
            std::string state;
            words >> number >> local >> remote >> state;
            if (state == listening && local.ends_with(wanted)) {
                return true;
            }
        }
    }
    return known ? std::optional(false) : std::nullopt;
}

} // namespace phyll::doctor
