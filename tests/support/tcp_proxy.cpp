#include "tests/support/tcp_proxy.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <array>
#include <stdexcept>
#include <unistd.h>
#include <utility>
#include <vector>

namespace phyll::test {
namespace {

sockaddr_in loopback(int port) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<std::uint16_t>(port));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return where;
}

int connect_to(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in where = loopback(port);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
        throw std::runtime_error("the proxy cannot reach the daemon");
    }
    return fd;
}

/// Passes on what is there; false when the connection has ended.
bool pass_on(int from, int to) {
    std::array<char, 65536> bytes{};
    const ssize_t size = ::recv(from, bytes.data(), bytes.size(), 0);
    if (size <= 0) {
        return false;
    }
    for (ssize_t sent = 0; sent < size;) {
        const ssize_t now =
            ::send(to, bytes.data() + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
        if (now <= 0) {
            return false;
        }
        sent += now;
    }
    return true;
}

} // namespace

TcpProxy::TcpProxy(const std::string& daemon)
    : daemon_port_(std::stoi(daemon.substr(daemon.rfind(':') + 1))),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in where = loopback(0);
    socklen_t size = sizeof where;
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&where), size) != 0 ||
        ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size) != 0) {
        throw std::runtime_error("the proxy cannot listen");
    }
    endpoint_ = "tcp://127.0.0.1:" + std::to_string(ntohs(where.sin_port));
    thread_ = std::thread([this] { serve(); });
}

TcpProxy::~TcpProxy() {
    ending_ = true;
    thread_.join();
    ::close(listener_);
}

void TcpProxy::serve() {
    constexpr int look_again_ms = 20;
    std::vector<std::pair<int, int>> ways; // from, to: two of each connection
    while (!ending_) {
        std::vector<pollfd> watched{{listener_, POLLIN, 0}};
        for (const auto& [from, to] : ways) {
            watched.push_back({cut_ ? -1 : from, POLLIN, 0});
        }
        if (::poll(watched.data(), watched.size(), look_again_ms) <= 0 || cut_) {
            continue;
        }
        for (std::size_t i = 0; i < ways.size(); ++i) {
            if (watched[i + 1].revents != 0 && !pass_on(ways[i].first, ways[i].second)) {
                ::shutdown(ways[i].first, SHUT_RDWR);
                ::shutdown(ways[i].second, SHUT_RDWR);
                ways[i].first = -1 - ways[i].first; // not watched any more, and closed at the end
            }
        }
        if (watched[0].revents != 0) {
            const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            const int daemon = connect_to(daemon_port_);
            ways.emplace_back(client, daemon);
            ways.emplace_back(daemon, client);
        }
    }
    for (const auto& [from, to] : ways) {
        ::close(from >= 0 ? from : -1 - from);
    }
}

} // namespace phyll::test
