#include "tests/unit/drivers/line_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace phyll::test {
namespace {

/// A socket bound to a free port of the loopback.
int bound(std::uint16_t& port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (fd < 0 || ::bind(fd, generic, size) != 0 || ::getsockname(fd, generic, &size) != 0) {
        throw std::runtime_error("no port is free");
    }
    port = ntohs(address.sin_port);
    return fd;
}

std::string resource(std::uint16_t port) {
    return "TCPIP0::127.0.0.1::" + std::to_string(port) + "::SOCKET";
}

} // namespace

LineServer::LineServer(Answer answer) : answer_(std::move(answer)), listener_(bound(port_)) {
    if (::listen(listener_, 4) != 0) {
        throw std::runtime_error("cannot listen");
    }
    thread_ = std::thread([this] { serve(); });
}

LineServer::~LineServer() {
    over_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    drop();
    thread_.join();
    ::close(listener_);
}

std::string LineServer::address() const {
    return resource(port_);
}

std::vector<std::string> LineServer::lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
}

void LineServer::drop() {
    if (const int fd = connection_; fd >= 0) {
        ::shutdown(fd, SHUT_RDWR);
    }
}

void LineServer::serve() {
    while (!over_) {
        const int connection = ::accept(listener_, nullptr, nullptr);
        if (connection < 0) {
            return;
        }
        ++connections_;
        connection_ = connection;
        if (!over_) {
            talk(connection);
        }
        connection_ = -1;
        ::close(connection);
    }
}

void LineServer::talk(int connection) {
    std::string buffer;
    char piece[4096];
    for (;;) {
        const ssize_t size = ::recv(connection, piece, sizeof piece, 0);
        if (size <= 0) {
            return;
        }
        buffer.append(piece, static_cast<std::size_t>(size));
        for (std::size_t end; (end = buffer.find('\n')) != std::string::npos;) {
            const std::string line = buffer.substr(0, end);
            buffer.erase(0, end + 1);
            {
                const std::lock_guard lock(mutex_);
                lines_.push_back(line);
            }
            const std::string answer = answer_(line);
            if (!answer.empty() &&
                ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) {
                return;
            }
        }
    }
}

std::string nobodys_address() {
    std::uint16_t port = 0;
    ::close(bound(port));
    return resource(port);
}

} // namespace phyll::test
