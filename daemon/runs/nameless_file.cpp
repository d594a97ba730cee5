#include "daemon/runs/nameless_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace phyll::runs {

NamelessFile::NamelessFile(std::filesystem::path folder, std::string purpose)
    : folder_(std::move(folder)), purpose_(std::move(purpose)), descriptor_(make_nameless()) {}

NamelessFile::NamelessFile(std::filesystem::path folder, std::string purpose,
                           const std::function<void(const std::filesystem::path&)>& open)
    : folder_(std::move(folder)), purpose_(std::move(purpose)), descriptor_(make_named(open)) {}

Error NamelessFile::failure(int number, Code otherwise) const {
    const bool full = means_full(number);
    return {full ? Code::resource_exhausted : otherwise,
            fmt::format("{} in a file in {}: {}", purpose_, folder_.string(),
                        std::generic_category().message(number))};
}

int NamelessFile::make_nameless() const {
    const int descriptor = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor >= 0) {
        return descriptor;
    }
    if (errno == EOPNOTSUPP || errno == EISDIR) { // a file system that makes none
        return make_named([](const std::filesystem::path&) {});
    }
    throw failure(errno, Code::unavailable);
}

int NamelessFile::make_named(const std::function<void(const std::filesystem::path&)>& use) const {
    std::string name = (folder_ / "nameless-XXXXXX").string();
    Descriptor descriptor(::mkostemp(name.data(), O_CLOEXEC));
    if (descriptor.get() < 0) {
        throw failure(errno, Code::unavailable);
    }
    try {
        use(name);
    } catch (...) {
        ::unlink(name.c_str());
        throw;
    }
    ::unlink(name.c_str());
    return descriptor.release();
}

std::uint64_t NamelessFile::size() const {
    struct stat status{};
    if (::fstat(descriptor_.get(), &status) != 0) {
        throw failure(errno, Code::data_loss);
    }
    return static_cast<std::uint64_t>(status.st_size);
}

void NamelessFile::read(std::uint64_t offset, std::span<std::byte> into) const {
    check_within(offset, into.size(), size());
    while (!into.empty()) {
        const ssize_t count =
            ::pread(descriptor_.get(), into.data(), into.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            throw failure(count == 0 ? EIO : errno, Code::data_loss);
        }
        into = into.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

void NamelessFile::resize(std::uint64_t bytes) {
    if (::ftruncate(descriptor_.get(), static_cast<off_t>(bytes)) != 0) {
        throw failure(errno, Code::unavailable);
    }
}

void NamelessFile::write(std::uint64_t offset, std::span<const std::byte> from) {
    check_within(offset, from.size(), size());
    while (!from.empty()) {
        const ssize_t count =
            ::pwrite(descriptor_.get(), from.data(), from.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            throw failure(errno, Code::data_loss);
        }
        from = from.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

} // namespace phyll::runs
