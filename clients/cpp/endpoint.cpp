#include "clients/cpp/endpoint.hpp"

#include "clients/cpp/environment.hpp"

#include <string>
#include <vector>

namespace phyll {
namespace {

/// A socket of this machine answers at once, unless whoever listens hangs.
constexpr std::chrono::seconds local_patience{1};

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
        if (somebody_listens(endpoint, std::chrono::steady_clock::now() + local_patience)) {
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

bool somebody_listens(const std::string& endpoint, Instant deadline) {
    return connect_plainly(endpoint, deadline).get() >= 0;
}

} // namespace phyll
