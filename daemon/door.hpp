#pragma once

#include "address.hpp"
#include "daemon/rpc/key_ring.hpp"
#include "daemon/rpc/server.hpp"
#include "daemon/rpc/services/audit_trail.hpp"
#include "daemon/runs/state_dir.hpp"
#include "daemon/runs/store.hpp"

#include <phyll/v1/config.pb.h>

#include <optional>
#include <string>
#include <vector>

namespace phyll {

/// Whether clients by TCP have to show a key: see DaemonConfig.authentication. Throws
/// INVALID_ARGUMENT for an address that is none, or that other machines could reach without keys.
[[nodiscard]] bool asks_for_keys(const v1::DaemonConfig& config);

/// Where metrics are served; nothing: nowhere. Throws INVALID_ARGUMENT for an address that is none,
/// or not of loopback: nobody is asked for a key there.
[[nodiscard]] std::optional<ListenAddress> metrics_address(const v1::DaemonConfig& config);

/// What each client may take.
[[nodiscard]] rpc::ClientLimits limits_of(const v1::DaemonConfig& config);

/// How the daemon listens, and for whom.
struct Door {
    std::vector<std::string> endpoints; ///< the ipc socket's first
    std::string server_key;             ///< public; empty: nobody is asked for keys
};

/// Fills the ring with the keys of the store, and listens: on the ipc socket of the state directory
/// (mode 0660) for admins, and by TCP for owners of keys, or for local operators. The daemon's own
/// key is made where it is needed first, in the state directory. Throws as `asks_for_keys` does;
/// UNAVAILABLE when an address is taken.
[[nodiscard]] Door open_door(const v1::DaemonConfig& config, const runs::StateDir& state,
                             const runs::Store& store, rpc::KeyRing& ring, rpc::AuditTrail& audit,
                             rpc::Server& server);

} // namespace phyll
