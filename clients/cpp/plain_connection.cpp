#include "clients/cpp/plain_connection.hpp"

#include "clients/cpp/endpoint.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

namespace phyll {
namespace {

/// What is left of the time is what each call on the socket may take.
void limit(int socket, Instant deadline) {
    using std::chrono::microseconds;
    // None at all would mean for ever.
    const auto left = std::max(
        std::chrono::duration_cast<microseconds>(deadline - std::chrono::steady_clock::now()),
        microseconds(1000));
    const timeval time{.tv_sec = left.count() / 1'000'000, .tv_usec = left.count() % 1'000'000};
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time); // also of connecting
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

Descriptor connected(const sockaddr* address, socklen_t size, Instant deadline) {
    Descriptor opened(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (opened.get() < 0) {
        return opened;
    }
    limit(opened.get(), deadline);
    return ::connect(opened.get(), address, size) == 0 ? std::move(opened) : Descriptor(-1);
}

Descriptor connect_to_ipc(std::string_view path, Instant deadline) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return Descriptor(-1);
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return connected(reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline);
}

Descriptor connect_to_tcp(std::string_view host_and_port, Instant deadline) {
    const std::size_t colon = host_and_port.rfind(':');
    if (colon == std::string_view::npos) {
        return Descriptor(-1);
    }
    std::string host(host_and_port.substr(0, colon));
    const std::string port(host_and_port.substr(colon + 1));
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
        return Descriptor(-1);
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
    for (const addrinfo* info = list.get(); info != nullptr; info = info->ai_next) {
        Descriptor opened = connected(info->ai_addr, info->ai_addrlen, deadline);
        if (opened.get() >= 0) {
            return opened;
        }
    }
    return Descriptor(-1);
}

} // namespace

Descriptor connect_plainly(const std::string& endpoint, Instant deadline) {
    const std::string_view text(endpoint);
    if (text.starts_with(ipc_scheme)) {
        return connect_to_ipc(text.substr(ipc_scheme.size()), deadline);
    }
    if (text.starts_with(tcp_scheme)) {
        return connect_to_tcp(text.substr(tcp_scheme.size()), deadline);
    }
    return Descriptor(-1);
}

} // namespace phyll
