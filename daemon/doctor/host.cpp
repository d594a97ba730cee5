#include "daemon/doctor/host.hpp"

#include "drivers/core/text.hpp"
#include "drivers/core/user_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace phyll::doctor {
namespace {

constexpr std::size_t most_read = std::size_t{64} << 10U;

std::string name_or_number(uid_t user) {
    const std::string name = user_name(user);
    return name.empty() ? fmt::format("uid {}", user) : name;
}

std::string group_name(gid_t group) {
    ::group entry{};
    ::group* found = nullptr;
    std::array<char, 16384> room{};
    return ::getgrgid_r(group, &entry, room.data(), room.size(), &found) == 0 && found != nullptr
               ? std::string(entry.gr_name)
               : fmt::format("gid {}", group);
}

} // namespace

std::filesystem::path Host::at(const std::filesystem::path& path) const {
    return root_ / path.relative_path();
}

bool Host::exists(const std::filesystem::path& path) const {
    std::error_code unknown;
    return std::filesystem::exists(at(path), unknown);
}

std::optional<std::string> Host::read(const std::filesystem::path& path) const {
    std::ifstream file(at(path), std::ios::binary);
    std::string text(most_read, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (!file && !file.eof())) {
        return std::nullopt;
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::string Host::line_of(const std::filesystem::path& path) const {
    return std::string(trimmed(read(path).value_or("")));
}

std::vector<std::filesystem::path> Host::entries(const std::filesystem::path& folder) const {
    std::error_code error;
    std::vector<std::filesystem::path> found;
    std::filesystem::directory_iterator entry(at(folder), error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        found.push_back(folder / entry->path().filename());
    }
    std::ranges::sort(found);
    return found;
}

std::filesystem::path Host::resolved(const std::filesystem::path& path) const {
    std::error_code error;
    const std::filesystem::path root = std::filesystem::canonical(root_, error);
    const std::filesystem::path found = std::filesystem::canonical(at(path), error);
    return error ? path : "/" / found.lexically_relative(root);
}

bool Host::may_use(const std::filesystem::path& path) const {
    return ::faccessat(AT_FDCWD, at(path).c_str(), R_OK | W_OK, AT_EACCESS) == 0;
}

std::optional<DiskUse> Host::disk(const std::filesystem::path& path) const {
    struct statvfs found{};
    if (::statvfs(at(path).c_str(), &found) != 0) {
        return std::nullopt;
    }
    return DiskUse{.free = std::uint64_t{found.f_bavail} * found.f_frsize,
                   .files_free = found.f_favail,
                   .counts_files = found.f_files != 0,
                   .read_only = (found.f_flag & ST_RDONLY) != 0};
}

ClockState Host::clock_state() const {
    timex state{};
    state.modes = 0; // only looks
    if (::adjtimex(&state) < 0) {
        return ClockState::unknown; // a container may not
    }
    return (state.status & STA_UNSYNC) != 0 ? ClockState::not_synchronised
                                            : ClockState::synchronised;
}

std::string ownership_of(const Host& host, const std::filesystem::path& path) {
    struct stat found{};
    if (::stat(host.at(path).c_str(), &found) != 0) {
        return fmt::format("it cannot be looked at: {}", std::generic_category().message(errno));
    }
    return fmt::format("it belongs to {} and the group {}, mode {:04o}",
                       name_or_number(found.st_uid), group_name(found.st_gid),
                       found.st_mode & 07777U);
}

std::string group_of(const Host& host, const std::filesystem::path& path) {
    struct stat found{};
    return ::stat(host.at(path).c_str(), &found) == 0 ? group_name(found.st_gid) : "";
}

std::string own_user() {
    return name_or_number(::geteuid());
}

} // namespace phyll::doctor
