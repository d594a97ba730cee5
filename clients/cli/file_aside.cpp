#include "file_aside.hpp"

#include "drivers/core/descriptor.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace phyll::cli {

FileAside::FileAside(std::filesystem::path path)
    : path_(std::move(path)), aside_(path_.string() + ".part") {
    out_.open(aside_, std::ios::binary | std::ios::trunc);
    check();
}

FileAside::~FileAside() {
    if (!done_) {
        std::error_code ignored;
        std::filesystem::remove(aside_, ignored);
    }
}

void FileAside::write(std::span<const std::byte> bytes) {
    out_.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    check();
}

void FileAside::finish() {
    out_.close();
    check();
    std::error_code ignored;
    if (const auto before = std::filesystem::status(path_, ignored);
        std::filesystem::exists(before)) {
        std::filesystem::permissions(aside_, before.permissions());
    }
    const Descriptor whole(::open(aside_.c_str(), O_RDONLY | O_CLOEXEC));
    require(whole.get() >= 0 && ::fsync(whole.get()) == 0);
    require(::rename(aside_.c_str(), path_.c_str()) == 0);
    done_ = true;
    // The new name survives a power cut once the folder is synced, where that can be; till then it
    // may still mean the old file.
    const std::string folder = path_.has_parent_path() ? path_.parent_path().string() : ".";
    const Descriptor names(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ::fsync(names.get());
}

void FileAside::check() const {
    require(static_cast<bool>(out_));
}

void FileAside::require(bool done) const {
    if (!done) {
        const int number = errno;
        throw Error(means_full(number) ? Code::resource_exhausted : Code::permission_denied,
                    fmt::format("{} cannot be written: {}", path_.string(),
                                std::generic_category().message(number)));
    }
}

} // namespace phyll::cli
