#include "clients/cpp/endpoint.hpp"

#include <cstdlib>
#include <cstring>
#include <netdb.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace phyll {
namespace {

constexpr std::string_view ipc_scheme = "ipc://";
constexpr std::string_view tcp_scheme = "tcp://";

bool connects(const sockaddr* address, socklen_t size) {
    const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    const bool connected = ::connect(fd, address, size) == 0;
    ::close(fd);
    return connected;
}

bool ipc_listens(std::string_view path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return false;
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return connects(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

bool tcp_listens(std::string_view host_and_port) {
    const std::size_t colon = host_and_port.rfind(':');
    if (colon == std::string_view::npos) {
        return false;
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
        return false;
    }
    bool listens = false;
    for (const addrinfo* info = found; info != nullptr && !listens; info = info->ai_next) {
        listens = connects(info->ai_addr, info->ai_addrlen);
    }
    ::freeaddrinfo(found);
    return listens;
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

} // namespace

std::string default_endpoint() {
    if (std::string given = environment("PHYLL_ENDPOINT"); !given.empty()) {
        return given;
    }
    std::vector<std::string> folders;
    if (const std::string state = environment("XDG_STATE_HOME"); !state.empty()) {
        folders.push_back(state + "/phylld");
    }
    folders.push_back(environment("HOME") + "/.local/state/phylld");
    folders.emplace_back("/var/lib/phylld");
    for (const std::string& folder : folders) {
        const std::string endpoint = std::string(ipc_scheme) + folder + "/phylld.sock";
        if (somebody_listens(endpoint)) {
            return endpoint;
        }
    }
    return "tcp://127.0.0.1:5570";
}

bool is_endpoint(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    return (text.starts_with(ipc_scheme) && text.size() > ipc_scheme.size()) ||
           (text.starts_with(tcp_scheme) && colon > tcp_scheme.size() && colon + 1 < text.size());
}

bool somebody_listens(const std::string& endpoint) {
    if (endpoint.starts_with(ipc_scheme)) {
        return ipc_listens(std::string_view(endpoint).substr(ipc_scheme.size()));
    }
    if (endpoint.starts_with(tcp_scheme)) {
        return tcp_listens(std::string_view(endpoint).substr(tcp_scheme.size()));
    }
    return false;
}

} // namespace phyll
