#include "drivers/core/journal/file.hpp"

#include "drivers/core/descriptor.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <utility>

namespace phyll::journal {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// Calls until no signal interrupts it. Throws when the result is negative.
template <class Call>
auto uninterrupted(const char* what, const Call& call) {
    auto result = call();
    while (result < 0 && errno == EINTR) {
        result = call();
    }
    if (result < 0) {
        fail(what);
    }
    return result;
}

class DiskFile final : public File {
  public:
    explicit DiskFile(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

    std::size_t write(std::uint64_t offset, std::span<const std::byte> from) override {
        const ssize_t count = uninterrupted("write", [&] {
            return ::pwrite(descriptor_.get(), from.data(), from.size(),
                            static_cast<off_t>(offset));
        });
        if (count == 0) {
            errno = EIO; // or whoever writes the rest would never end
            fail("write");
        }
        return static_cast<std::size_t>(count);
    }

    void truncate(std::uint64_t bytes) override {
        uninterrupted("truncate",
                      [&] { return ::ftruncate(descriptor_.get(), static_cast<off_t>(bytes)); });
    }

    void sync() override {
        uninterrupted("sync", [&] { return ::fdatasync(descriptor_.get()); });
    }

  private:
    Descriptor descriptor_;
};

Descriptor open_or_throw(const std::filesystem::path& path, int flags) {
    return Descriptor(
        uninterrupted("open", [&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0640); }));
}

/// All of the file.
struct flock whole_file(short type) {
    struct flock lock{};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

} // namespace

std::unique_ptr<File> open_file(const std::filesystem::path& path, Opening opening) {
    const int create = opening == Opening::anew ? O_CREAT : 0;
    Descriptor descriptor = open_or_throw(path, O_RDWR | create);
    // Of the open file, not of the process: two writers of one process are two as well.
    struct flock lock = whole_file(F_WRLCK);
    if (::fcntl(descriptor.get(), F_OFD_SETLK, &lock) != 0) {
        if (errno == EAGAIN || errno == EACCES) {
            throw Error(
                Code::failed_precondition,
                fmt::format("the journal {} is being written by somebody else", path.string()));
        }
        fail("lock");
    }
    auto file = std::make_unique<DiskFile>(std::move(descriptor));
    if (opening == Opening::anew) {
        file->truncate(0);
    }
    return file;
}

bool is_being_written(const std::filesystem::path& path) {
    const Descriptor descriptor = open_or_throw(path, O_RDONLY | O_NONBLOCK);
    struct flock lock = whole_file(F_RDLCK);
    // Asked, not taken: a reader never keeps a writer from its file.
    uninterrupted("lock", [&] { return ::fcntl(descriptor.get(), F_OFD_GETLK, &lock); });
    return lock.l_type != F_UNLCK;
}

void publish(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::filesystem::rename(from, to);
    const std::filesystem::path folder = to.has_parent_path() ? to.parent_path() : ".";
    const Descriptor descriptor = open_or_throw(folder, O_RDONLY | O_DIRECTORY);
    uninterrupted("sync", [&] { return ::fsync(descriptor.get()); });
}

void write_all(File& file, std::uint64_t offset, std::span<const std::byte> from) {
    while (!from.empty()) {
        const std::size_t count = file.write(offset, from);
        from = from.subspan(count);
        offset += count;
    }
}

} // namespace phyll::journal
