#include "daemon/runs/state_dir.hpp"

#include "drivers/core/descriptor.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace phyll::runs {
namespace {

Descriptor open_or_throw(const std::filesystem::path& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0660);
    if (fd < 0) {
        throw file_error(errno, fmt::format("cannot open {}", path.string()));
    }
    return Descriptor(fd);
}

void write_all(int fd, std::string_view content, const std::filesystem::path& path) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            throw file_error(errno, fmt::format("cannot write {}", path.string()));
        }
        content.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string read_holder(int fd) {
    std::string text(32, '\0');
    const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) {
        text.pop_back();
    }
    return text.empty() ? "unknown" : text;
}

} // namespace

Error file_error(int number, const std::string& what) {
    const std::string why = std::generic_category().message(number);
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return {Code::resource_exhausted, fmt::format("{}: {}; free some space", what, why)};
    case EACCES:
    case EPERM:
    case EROFS:
        return {Code::permission_denied,
                fmt::format("{}: {}; phylld, here user {}, must be able to write there, or give it "
                            "another folder with --state-dir",
                            what, why, ::geteuid())};
    default:
        return {Code::unavailable, fmt::format("{}: {}", what, why)};
    }
}

StateDir::StateDir(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code error;
    std::filesystem::create_directories(path_, error);
    if (error) {
        throw file_error(error.value(),
                         fmt::format("cannot make the state directory {}", path_.string()));
    }
    path_ = std::filesystem::canonical(path_, error);
    if (error) {
        throw file_error(error.value(),
                         fmt::format("cannot enter the state directory {}", path_.string()));
    }
    Descriptor lock = open_or_throw(path_ / "lock", O_RDWR | O_CREAT);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        throw Error(
            Code::unavailable,
            fmt::format("the state directory {} is held by another phylld, process {}; stop "
                        "that one or give this one another --state-dir",
                        path_.string(), read_holder(lock.get())));
    }
    if (::ftruncate(lock.get(), 0) != 0) {
        throw file_error(errno, fmt::format("cannot write {}", (path_ / "lock").string()));
    }
    write_all(lock.get(), fmt::format("{}\n", ::getpid()), path_ / "lock");
    lock_ = lock.release();
}

StateDir::~StateDir() {
    ::close(lock_);
}

std::filesystem::path StateDir::run(std::uint64_t id) const {
    std::filesystem::path folder = folder_of(id);
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        throw file_error(error.value(), fmt::format("cannot make the folder {}", folder.string()));
    }
    return folder;
}

void StateDir::remove_run(std::uint64_t id) const {
    const std::filesystem::path folder = folder_of(id);
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    if (error) {
        throw file_error(error.value(), fmt::format("cannot remove {}", folder.string()));
    }
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw Error(Code::not_found,
                    fmt::format("{} is not there or cannot be read", path.string()));
    }
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) {
        throw Error(Code::data_loss,
                    fmt::format("{} cannot be read: the disk failed", path.string()));
    }
    return bytes;
}

void write_file(const std::filesystem::path& path, std::string_view content) {
    const std::filesystem::path aside = path.string() + ".new";
    try {
        {
            const Descriptor file = open_or_throw(aside, O_WRONLY | O_CREAT | O_TRUNC);
            write_all(file.get(), content, aside);
        }
        put_in_place(aside, path);
    } catch (const Error&) {
        ::unlink(aside.c_str()); // half of a file only takes room
        throw;
    }
}

void put_in_place(const std::filesystem::path& aside, const std::filesystem::path& path) {
    const Descriptor file = open_or_throw(aside, O_RDONLY);
    if (::fsync(file.get()) != 0 || ::rename(aside.c_str(), path.c_str()) != 0) {
        throw file_error(errno, fmt::format("cannot write {}", path.string()));
    }
    // The name survives a power cut only once the folder is synced, too.
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    const Descriptor names = open_or_throw(folder, O_RDONLY | O_DIRECTORY);
    if (::fsync(names.get()) != 0) {
        throw file_error(errno, fmt::format("cannot write {}", folder.string()));
    }
}

} // namespace phyll::runs
