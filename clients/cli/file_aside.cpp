#include "file_aside.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
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
    std::filesystem::rename(aside_, path_);
    done_ = true;
}

void FileAside::check() const {
    if (!out_) {
        const int number = errno;
        throw Error(number == ENOSPC ? Code::resource_exhausted : Code::permission_denied,
                    fmt::format("{} cannot be written: {}", path_.string(),
                                std::generic_category().message(number)));
    }
}

} // namespace phyll::cli
