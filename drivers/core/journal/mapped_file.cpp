#include "drivers/core/journal/mapped_file.hpp"

#include "drivers/core/descriptor.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>

namespace phyll::journal {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, int number) {
    Code code = Code::unavailable;
    if (number == ENOENT || number == ENOTDIR) {
        code = Code::not_found;
    } else if (number == EACCES || number == EPERM) {
        code = Code::permission_denied;
    }
    throw Error(code, fmt::format("the journal {} cannot be read: {}", path.string(),
                                  std::generic_category().message(number)));
}

Descriptor open_to_read(const std::filesystem::path& path) {
    Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (descriptor.get() < 0) {
        refuse(path, errno);
    }
    return descriptor;
}

} // namespace

MappedFile::MappedFile(const std::filesystem::path& path, std::optional<std::uint64_t> bytes) {
    const Descriptor descriptor = open_to_read(path);
    struct stat status{};
    if (::fstat(descriptor.get(), &status) != 0) {
        refuse(path, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        refuse(path, S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    size_ = static_cast<std::size_t>(std::min(size, bytes.value_or(size)));
    if (size_ == 0) {
        return;
    }
    data_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor.get(), 0);
    if (data_ == MAP_FAILED) {
        refuse(path, errno);
    }
}

MappedFile::~MappedFile() {
    if (size_ > 0) {
        ::munmap(data_, size_);
    }
}

} // namespace phyll::journal
