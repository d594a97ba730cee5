#include "sim/bench/acoustic/server_name.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>

namespace phyll::bench {

ServerName::ServerName() {
    for (int k = 1; k <= most; ++k) {
        const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                           fmt::format("phyllsim-jack-{}-{}.lock", ::getuid(), k);
        lock_.emplace(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
        if (lock_->get() >= 0 && ::flock(lock_->get(), LOCK_EX | LOCK_NB) == 0) {
            text_ = fmt::format("phyllsim-{}", k);
            return;
        }
    }
    throw Error(
        Code::unavailable,
        fmt::format("{} acoustic benches run on this machine; JACK has room for no more", most));
}

} // namespace phyll::bench
