#include "tests/support/notify_socket.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace phyll::test {

NotifySocket::NotifySocket() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_un own = address();
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
        throw std::system_error(errno, std::generic_category(), own.sun_path);
    }
    reader_ = std::jthread([this] { read(); });
}

NotifySocket::~NotifySocket() {
    const sockaddr_un own = address();
    // Nothing: the end.
    ::sendto(socket_, nullptr, 0, 0, reinterpret_cast<const sockaddr*>(&own), sizeof own);
    reader_.join();
    ::close(socket_);
}

sockaddr_un NotifySocket::address() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = (dir_.path() / "notify").string();
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

void NotifySocket::read() {
    std::string message(4096, '\0');
    for (;;) {
        const ssize_t size = ::recv(socket_, message.data(), message.size(), 0);
        if (size <= 0) {
            return;
        }
        const std::lock_guard lock(mutex_);
        messages_.emplace_back(message, 0, static_cast<std::size_t>(size));
        came_.notify_all();
    }
}

std::vector<std::string>
NotifySocket::wrap(std::optional<std::chrono::milliseconds> patience) const {
    std::vector<std::string> words{"/usr/bin/env",
                                   "NOTIFY_SOCKET=" + (dir_.path() / "notify").string()};
    if (patience) {
        words.push_back("WATCHDOG_USEC=" + std::to_string(patience->count() * 1000));
    }
    return words;
}

std::string NotifySocket::next() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return !messages_.empty(); });
    std::string message = std::move(messages_.front());
    messages_.pop_front();
    return message;
}

std::string NotifySocket::next(const std::string& beginning) {
    for (;;) {
        if (std::string message = next(); message.starts_with(beginning)) {
            return message;
        }
    }
}

bool NotifySocket::silent_for(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    messages_.clear();
    return !came_.wait_for(lock, time, [this] { return !messages_.empty(); });
}

} // namespace phyll::test
