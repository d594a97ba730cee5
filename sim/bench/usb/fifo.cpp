#include "sim/bench/usb/fifo.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace phyll::bench::usb {
namespace {

constexpr int page = 4096;

int opened(const std::filesystem::path& path) {
    std::filesystem::create_directories(path.parent_path());
    constexpr mode_t for_all = 0666;
    const int file = ::mkfifo(path.c_str(), for_all) == 0
                         ? ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)
                         : -1;
    if (file < 0) {
        throw Error(Code::unavailable,
                    fmt::format("cannot make the device node {}: {}", path.string(),
                                std::generic_category().message(errno)));
    }
    static_cast<void>(::fcntl(file, F_SETPIPE_SZ, page));
    return file;
}

} // namespace

Fifo::Fifo(const std::filesystem::path& path) : path_(path), file_(opened(path)) {
    writable(false);
}

void Fifo::remove() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

void Fifo::writable(bool yes) {
    std::array<char, page> bytes{};
    if (yes) {
        while (::read(file_.get(), bytes.data(), bytes.size()) > 0) {
        }
    } else {
        while (::write(file_.get(), bytes.data(), bytes.size()) > 0) {
        }
    }
}

} // namespace phyll::bench::usb
