#include "daemon/runs/contents/part_file.hpp"

#include "daemon/runs/state_dir.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace phyll::runs {
namespace {

constexpr std::size_t piece = std::size_t{1} << 16U;

Descriptor open_part(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    if (file < 0) {
        throw file_error(errno, fmt::format("cannot open {}", path.string()));
    }
    return Descriptor(file);
}

} // namespace

PartFile::PartFile(std::filesystem::path path, const std::stop_token& stop)
    : path_(std::move(path)), file_(open_part(path_)) {
    std::vector<std::byte> buffer(piece);
    for (;;) {
        if (stop.stop_requested()) {
            throw Error(Code::cancelled, "given up by the client");
        }
        const ssize_t count =
            ::pread(file_.get(), buffer.data(), buffer.size(), static_cast<off_t>(size_));
        if (count < 0 && errno != EINTR) {
            throw file_error(errno, fmt::format("cannot read {}", path_.string()));
        }
        if (count == 0) {
            return;
        }
        if (count > 0) {
            sum_.add(std::span(buffer).first(static_cast<std::size_t>(count)));
            size_ += static_cast<std::uint64_t>(count);
        }
    }
}

void PartFile::append(std::span<const std::byte> bytes) {
    std::span<const std::byte> left = bytes;
    while (!left.empty()) {
        const auto at = static_cast<off_t>(size_ + bytes.size() - left.size());
        const ssize_t count = ::pwrite(file_.get(), left.data(), left.size(), at);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            const int number = errno;
            // What stays if this fails too is found when the file is opened again.
            static_cast<void>(::ftruncate(file_.get(), static_cast<off_t>(size_)));
            throw file_error(number, fmt::format("cannot write {}", path_.string()));
        }
        left = left.subspan(static_cast<std::size_t>(count));
    }
    sum_.add(bytes);
    size_ += bytes.size();
}

} // namespace phyll::runs
