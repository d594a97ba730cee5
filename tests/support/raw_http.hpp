#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace phyll::test {

/// A TCP connection to a port of loopback, on which anything can be said.
class RawHttp {
  public:
    /// Throws where nobody listens.
    explicit RawHttp(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const timeval patience{.tv_sec = 30, .tv_usec = 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
            ::close(socket_);
            throw std::runtime_error("nobody listens at port " + std::to_string(port));
        }
    }
    RawHttp(const RawHttp&) = delete;
    RawHttp& operator=(const RawHttp&) = delete;
    ~RawHttp() { ::close(socket_); }

    void send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                return; // hung up: what is received says how
            }
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    /// Everything up to the end of the connection. Throws where that does not end.
    [[nodiscard]] std::string receive() const {
        std::string bytes;
        char part[4096];
        for (;;) {
            const ssize_t got = ::recv(socket_, part, sizeof part, 0);
            if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
                throw std::runtime_error("no answer within 30 s");
            }
            if (got <= 0) {
                return bytes;
            }
            bytes.append(part, static_cast<std::size_t>(got));
        }
    }

  private:
    int socket_;
};

struct HttpAnswer {
    int status = 0; ///< 0: there was none
    std::string body;
};

[[nodiscard]] inline HttpAnswer read_answer(const std::string& bytes) {
    const std::size_t head = bytes.find("\r\n\r\n");
    if (!bytes.starts_with("HTTP/1.") || head == std::string::npos) {
        return {};
    }
    return {std::atoi(bytes.c_str() + 9), bytes.substr(head + 4)};
}

/// The port of "http://127.0.0.1:9464/metrics".
[[nodiscard]] inline std::uint16_t port_of(const std::string& url) {
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

/// Asks as Prometheus does. Throws where nobody listens.
[[nodiscard]] inline HttpAnswer http_get(std::uint16_t port, const std::string& path) {
    const RawHttp http(port);
    http.send("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    return read_answer(http.receive());
}

} // namespace phyll::test
