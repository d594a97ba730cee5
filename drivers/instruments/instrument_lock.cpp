#include "drivers/instruments/instrument_lock.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace phyll::instruments {
namespace {

Error cannot(int number, const std::string& what, const std::filesystem::path& path) {
    return {number == EACCES || number == EPERM || number == EROFS ? Code::permission_denied
                                                                   : Code::unavailable,
            fmt::format("cannot {} {}: {}; lock_dir names the folder of the instruments' locks",
                        what, path.string(), std::generic_category().message(number))};
}

std::string command_of(pid_t process) {
    std::ifstream file(fmt::format("/proc/{}/cmdline", process), std::ios::binary);
    std::string command(std::istreambuf_iterator<char>(file), {});
    while (!command.empty() && command.back() == '\0') {
        command.pop_back();
    }
    std::ranges::replace(command, '\0', ' ');
    return utf8(command);
}

LockHolder read_holder(int fd) {
    char text[32] = {};
    const ssize_t size = ::pread(fd, text, sizeof text - 1, 0);
    LockHolder holder;
    std::from_chars(text, text + std::max<ssize_t>(size, 0), holder.process);
    holder.command = command_of(holder.process);
    return holder;
}

void make_folder(const std::filesystem::path& folder) {
    if (::mkdir(folder.c_str(), 01777) == 0) {
        ::chmod(folder.c_str(), 01777); // whatever the umask: it is everybody's
    } else if (errno != EEXIST) {
        throw cannot(errno, "make", folder);
    }
}

} // namespace

std::filesystem::path lock_file(const std::filesystem::path& folder, const std::string& key) {
    // What is no letter or digit is spelt in hexadecimal.
    std::string name;
    for (const char c : key) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || c == '.' || c == '-') {
            name += c;
        } else {
            name += fmt::format("_{:02x}", byte);
        }
    }
    return folder / (name + ".lock");
}

InstrumentLock::InstrumentLock(const std::filesystem::path& folder, const std::string& key)
    : file_([&] {
          make_folder(folder);
          const std::filesystem::path path = lock_file(folder, key);
          // Only then made: of somebody else's file in a folder that is everybody's the system
          // would refuse to open what might have to be made (fs.protected_regular).
          int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
          if (fd < 0 && errno == ENOENT) {
              fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
          }
          if (fd < 0) {
              throw cannot(errno, "open", path);
          }
          return fd;
      }()) {
    ::fchmod(file_.get(), 0666);
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            throw cannot(errno, "lock", lock_file(folder, key));
        }
        const LockHolder holder = read_holder(file_.get());
        throw Error(Code::failed_precondition,
                    fmt::format("{} is driven by process {} ({})", in_quotes(key), holder.process,
                                holder.command));
    }
    const std::string mine = std::to_string(::getpid());
    if (::ftruncate(file_.get(), 0) != 0 ||
        ::pwrite(file_.get(), mine.data(), mine.size(), 0) < 0) {
        throw cannot(errno, "write", lock_file(folder, key));
    }
}

std::optional<LockHolder> holder_of(const std::filesystem::path& folder, const std::string& key) {
    const Descriptor file(::open(lock_file(folder, key).c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0 || ::flock(file.get(), LOCK_SH | LOCK_NB) == 0) {
        return std::nullopt;
    }
    return read_holder(file.get());
}

bool holds(pid_t process, const std::filesystem::path& folder, const std::string& key) {
    if (process == ::getpid()) {
        return false;
    }
    std::error_code error;
    const std::filesystem::path path = lock_file(folder, key);
    for (const auto& open :
         std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", process), error)) {
        if (std::filesystem::equivalent(open.path(), path, error)) {
            return true;
        }
    }
    return false;
}

} // namespace phyll::instruments
