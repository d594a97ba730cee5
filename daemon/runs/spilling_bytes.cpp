#include "daemon/runs/spilling_bytes.hpp"

#include "drivers/core/descriptor.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace phyll::runs {
namespace {

[[nodiscard]] Error failure(int number, Code otherwise, const std::filesystem::path& folder) {
    const bool full = means_full(number);
    return {full ? Code::resource_exhausted : otherwise,
            fmt::format("what a run has measured cannot be kept in a file in {}: {}",
                        folder.string(), std::generic_category().message(number))};
}

/// A file of the folder that has no name, open for reading and writing.
int open_nameless(const std::filesystem::path& folder) {
    int descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        // A file system that makes none: one whose name is taken away at once.
        std::string name = (folder / "responses-XXXXXX").string();
        descriptor = ::mkostemp(name.data(), O_CLOEXEC);
        if (descriptor >= 0) {
            ::unlink(name.c_str());
        }
    }
    if (descriptor < 0) {
        throw failure(errno, Code::unavailable, folder);
    }
    return descriptor;
}

void write_all(int descriptor, std::uint64_t offset, std::span<const std::byte> from,
               const std::filesystem::path& folder) {
    while (!from.empty()) {
        const ssize_t count =
            ::pwrite(descriptor, from.data(), from.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            throw failure(errno, Code::data_loss, folder);
        }
        from = from.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

} // namespace

SpillingBytes::~SpillingBytes() {
    if (in_file()) {
        ::close(descriptor_);
    }
}

void SpillingBytes::resize(std::uint64_t bytes) {
    if (!in_file() && bytes <= most_in_memory_) {
        memory_.resize(bytes);
    } else {
        if (!in_file()) {
            spill();
        }
        if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) {
            throw failure(errno, Code::unavailable, folder_);
        }
    }
    size_ = bytes;
}

void SpillingBytes::spill() {
    Descriptor descriptor(open_nameless(folder_));
    write_all(descriptor.get(), 0, memory_.view(), folder_);
    descriptor_ = descriptor.release();
    memory_.resize(0);
}

void SpillingBytes::read(std::uint64_t offset, std::span<std::byte> into) const {
    if (!in_file()) {
        memory_.read(offset, into);
        return;
    }
    check_within(offset, into.size(), size_);
    while (!into.empty()) {
        const ssize_t count =
            ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            throw failure(count == 0 ? EIO : errno, Code::data_loss, folder_);
        }
        into = into.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

void SpillingBytes::write(std::uint64_t offset, std::span<const std::byte> from) {
    if (!in_file()) {
        memory_.write(offset, from);
        return;
    }
    check_within(offset, from.size(), size_);
    write_all(descriptor_, offset, from, folder_);
}

MakeByteStore spill_into(std::filesystem::path folder) {
    return [folder = std::move(folder)] { return std::make_unique<SpillingBytes>(folder); };
}

} // namespace phyll::runs
