#include "tests/unit/bench/scpi_client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace phyll::test {
namespace {

constexpr int patience_seconds = 20;

std::system_error last_error(const char* what) {
    return {errno, std::generic_category(), what};
}

} // namespace

std::uint16_t port_of(const std::string& address) {
    const std::string host = "TCPIP0::127.0.0.1::";
    if (!address.starts_with(host) || !address.ends_with("::SOCKET")) {
        throw std::runtime_error("no socket of 127.0.0.1: " + address);
    }
    return static_cast<std::uint16_t>(std::stoul(address.substr(host.size())));
}

ScpiClient::ScpiClient(const std::string& address)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_of(address));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = patience_seconds, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int at_once = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        throw last_error("connect");
    }
}

void ScpiClient::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            throw last_error("send");
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

/// False when the connection was closed before.
bool ScpiClient::fill(std::size_t bytes) {
    while (buffer_.size() < bytes) {
        char chunk[65536];
        const ssize_t size = ::recv(socket_.get(), chunk, sizeof chunk, 0);
        if (size == 0 || (size < 0 && errno == ECONNRESET)) {
            return false;
        }
        if (size < 0) {
            throw last_error("no reply");
        }
        buffer_.append(chunk, static_cast<std::size_t>(size));
    }
    return true;
}

std::string ScpiClient::read() {
    if (!fill(1)) {
        return {};
    }
    std::size_t begin = 0;
    std::size_t end = 0;
    if (buffer_[0] == '#') {
        if (!fill(2) || !fill(2 + static_cast<std::size_t>(buffer_[1] - '0'))) {
            return {};
        }
        begin = 2 + static_cast<std::size_t>(buffer_[1] - '0');
        end = begin + std::stoul(buffer_.substr(2, begin - 2));
    } else {
        while ((end = buffer_.find('\n')) == std::string::npos) {
            if (!fill(buffer_.size() + 1)) {
                return {};
            }
        }
    }
    if (!fill(end + 1)) {
        return {};
    }
    std::string reply = buffer_.substr(begin, end - begin);
    buffer_.erase(0, end + 1);
    return reply;
}

} // namespace phyll::test
