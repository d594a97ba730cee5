#include "door.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/keys/key_file.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/stat.h>

#include <algorithm>
#include <string_view>

namespace phyll {
namespace {

constexpr std::string_view tcp_scheme = "tcp://";

/// Of an address of this machine: four numbers, the name of an interface, or "*" for all.
bool is_host(const std::string& host) {
    in_addr address{};
    return host == "*" || ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
           ::if_nametoindex(host.c_str()) != 0;
}

/// Nothing but what phylld simulates, or phyllsim: whoever drives it breaks nothing.
bool is_all_simulated(const v1::DaemonConfig& config) {
    return std::ranges::all_of(config.instruments(), [](const v1::InstrumentConfig& instrument) {
        return instrument.virtual_();
    });
}

/// Made at first need: clients know the daemon by it.
SecretKey own_key(const runs::StateDir& state) {
    const std::filesystem::path file = state.path() / "server.key";
    std::error_code unknown; // then reading says what is wrong
    if (!std::filesystem::exists(file, unknown) && !unknown) {
        write_key_file(file, new_secret_key());
        spdlog::info("made a key of phylld's own, {}", file.string());
    }
    return read_key_file(file);
}

std::string listen_on_socket(const runs::StateDir& state, rpc::Server& server) {
    const std::string path = state.socket().string();
    if (path.size() > 100) {
        throw Error(Code::invalid_argument,
                    fmt::format("the path of the ipc socket, {}, is longer than the 100 characters "
                                "that fit; give a shorter --state-dir",
                                path));
    }
    // There is no moment in which others may connect; what other threads make meanwhile is usable.
    const mode_t before = ::umask(0077);
    ::umask(before | 0027U);
    std::string endpoint;
    try {
        endpoint = server.listen("ipc://" + path, rpc::local_users());
    } catch (...) {
        ::umask(before);
        throw;
    }
    ::umask(before);
    ::chmod(path.c_str(), 0660);
    return endpoint;
}

} // namespace

bool asks_for_keys(const v1::DaemonConfig& config) {
    const std::optional<ListenAddress> address = read_address(config.listen(), tcp_scheme);
    if (!address || !is_host(address->host)) {
        throw invalid_field("listen",
                            fmt::format("{}; valid is an address of this machine with a port from "
                                        "0 to 65535, such as tcp://127.0.0.1:5570 (0 picks a free "
                                        "one)",
                                        in_quotes(config.listen())));
    }
    if (config.authentication() == "keys") {
        return true;
    }
    if (!is_loopback(*address)) {
        throw invalid_field(
            "listen",
            fmt::format("{} can be reached from other machines, and nobody is asked for a key; set "
                        "authentication = \"keys\" (docs/security.md), or listen on loopback, "
                        "such as tcp://127.0.0.1:5570",
                        in_quotes(config.listen())));
    }
    return config.authentication().empty() && !is_all_simulated(config);
}

std::optional<ListenAddress> metrics_address(const v1::DaemonConfig& config) {
    if (config.metrics().empty()) {
        return std::nullopt;
    }
    const std::optional<ListenAddress> address = read_address(config.metrics());
    if (!address || !is_loopback(*address)) {
        throw invalid_field(
            "metrics",
            fmt::format("{}; valid is an address of loopback with a port from 0 to 65535, such as "
                        "127.0.0.1:9464 (0 picks a free one): whoever reaches it reads what the "
                        "lab does",
                        in_quotes(config.metrics())));
    }
    return address;
}

rpc::ClientLimits limits_of(const v1::DaemonConfig& config) {
    const v1::LimitsConfig& limits = config.limits();
    return {.connections = limits.connections(),
            .calls = limits.requests(),
            .unread = static_cast<std::size_t>(limits.backlog() * (1U << 20U))};
}

Door open_door(const v1::DaemonConfig& config, const runs::StateDir& state,
               const runs::Store& store, rpc::KeyRing& ring, rpc::AuditTrail& audit,
               rpc::Server& server) {
    const bool keys = asks_for_keys(config);
    for (const v1::Key& key : store.keys()) {
        ring.put(PublicKey::read("key.public_key", key.public_key()),
                 {.name = key.name(), .role = key.role(), .revoked = key.revoked() != 0});
    }
    Door door;
    door.endpoints.push_back(listen_on_socket(state, server));
    if (!keys) {
        door.endpoints.push_back(server.listen(config.listen(), rpc::local_operators()));
        return door;
    }
    const SecretKey own = own_key(state);
    door.server_key = own.public_key().text();
    door.endpoints.push_back(server.listen_for_keys(
        config.listen(), own, ring,
        [&audit](const std::optional<PublicKey>& key, const std::string& address) {
            spdlog::debug("{} at {} was not let in",
                          key ? "key " + key->short_text() : std::string("somebody without a key"),
                          address);
            audit.note_turned_away(key, address);
        }));
    return door;
}

} // namespace phyll
