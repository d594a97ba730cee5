#include "daemon/runs/reserve.hpp"

#include "daemon/runs/state_dir.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace phyll::runs {
namespace {

/// Makes the file so that its room is really taken; an error number, 0 when it is.
int allocate(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    if (fd < 0) {
        return errno;
    }
    const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(Reserve::size));
    ::close(fd);
    if (error != 0) {
        ::unlink(file.c_str());
    }
    return error;
}

} // namespace

Reserve::Reserve(std::filesystem::path file) : file_(std::move(file)) {
    if (const int error = allocate(file_); error != 0) {
        throw file_error(error, fmt::format("cannot keep {} KiB free for the end of runs in {}",
                                            size >> 10U, file_.string()));
    }
}

bool Reserve::give_up() {
    const std::lock_guard lock(mutex_);
    if (!held_) {
        return false;
    }
    held_ = false;
    ::unlink(file_.c_str());
    spdlog::warn("the disk of {} is full and the {} KiB that were kept free for the end of runs "
                 "are given up; free some space",
                 file_.parent_path().string(), size >> 10U);
    return true;
}

bool Reserve::restore() {
    const std::lock_guard lock(mutex_);
    if (held_) {
        return true;
    }
    std::error_code error;
    const std::filesystem::space_info space = std::filesystem::space(file_.parent_path(), error);
    held_ = !error && space.available >= 2 * size && allocate(file_) == 0;
    if (held_) {
        spdlog::info("the disk of {} has room again; {} KiB are kept free for the end of runs",
                     file_.parent_path().string(), size >> 10U);
    }
    return held_;
}

} // namespace phyll::runs
