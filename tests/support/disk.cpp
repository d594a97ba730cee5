#include "tests/support/disk.hpp"

#include "tests/support/process.hpp"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace phyll::test {
namespace {

/// Runs `script` with `folder` as its first argument in the new namespace, then the command.
Wrapper in_own_mounts(const std::string& script, const std::filesystem::path& folder) {
    Wrapper words{"/usr/bin/unshare", "--mount"};
    if (::geteuid() != 0) {
        words.insert(words.end(), {"--user", "--map-root-user"});
    }
    words.insert(words.end(),
                 {"/bin/sh", "-ec", script + "; shift; exec \"$@\"", "sh", folder.string()});
    return words;
}

} // namespace

Wrapper on_small_disk(const std::filesystem::path& folder, std::size_t bytes) {
    return in_own_mounts("mkdir -p \"$1\"; mount -t tmpfs -o size=" + std::to_string(bytes) +
                             " tmpfs \"$1\"",
                         folder);
}

Wrapper on_read_only_disk(const std::filesystem::path& folder) {
    return in_own_mounts("mount --bind \"$1\" \"$1\"; mount -o remount,bind,ro \"$1\"", folder);
}

std::string why_no_mounts() {
    const TempDir dir;
    Wrapper command = on_small_disk(dir.path(), 1U << 20U);
    command.emplace_back("/bin/true");
    const Finished finished = run_command(command);
    return finished.status == 0 ? "" : "mounting is not allowed here: " + finished.err;
}

std::filesystem::path seen_by(int pid, const std::filesystem::path& path) {
    return "/proc/" + std::to_string(pid) + "/root" + path.string();
}

void fill_disk(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        throw std::system_error(errno, std::generic_category(), file.string());
    }
    const std::string page(4096, 'x');
    ssize_t size = 0;
    while (size >= 0) {
        size = ::write(fd, page.data(), page.size());
    }
    const int error = errno;
    ::close(fd);
    if (error != ENOSPC) {
        throw std::system_error(error, std::generic_category(), file.string());
    }
}

} // namespace phyll::test
