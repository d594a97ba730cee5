#include "daemon/rpc/caller.hpp"

#include "drivers/core/number_of.hpp"
#include "drivers/core/user_name.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace phyll::rpc {
namespace {

/// The user in "localhost:UID:GID:PID".
std::optional<uid_t> user_of(std::string_view peer_address) {
    std::array<std::optional<uid_t>, 3> credentials; // process, group, user
    for (auto& credential : credentials) {
        const std::size_t colon = peer_address.rfind(':');
        if (colon == std::string_view::npos) {
            return std::nullopt;
        }
        credential = number_of<uid_t>(peer_address.substr(colon + 1));
        peer_address = peer_address.substr(0, colon);
    }
    return credentials[0] && credentials[1] ? credentials[2] : std::nullopt;
}

} // namespace

Identify local_users() {
    // Looking up a name may read files or ask a server, so a name that was found is kept.
    return [names = std::map<uid_t, std::string>()](const Origin& origin) mutable {
        const std::optional<uid_t> uid = user_of(origin.address);
        if (!uid) {
            return Caller{.name = "a local user", .role = v1::ROLE_ADMIN};
        }
        std::string& name = names[*uid];
        if (name.empty()) {
            name = user_name(*uid);
        }
        return Caller{.name = name.empty() ? fmt::format("local user with uid {}", *uid)
                                           : fmt::format("local user {} (uid {})", name, *uid),
                      .role = v1::ROLE_ADMIN};
    };
}

Identify local_operators() {
    return [](const Origin& origin) {
        return Caller{.name = origin.address.empty()
                                  ? "a local operator"
                                  : fmt::format("a local operator at {}", origin.address),
                      .role = v1::ROLE_OPERATOR,
                      .address = origin.address};
    };
}

Identify owners_of_keys(const KeyRing& ring) {
    return [&ring](const Origin& origin) {
        Caller caller{.name = "nobody known", .address = origin.address, .key = origin.key};
        const KeyRing::Owner* owner = origin.key ? ring.find(*origin.key) : nullptr;
        if (owner == nullptr) {
            caller.refusal.emplace(Code::unauthenticated,
                                   "the request came without a key that this phylld knows; ask an "
                                   "admin to add one");
            return caller;
        }
        caller.name = fmt::format("{} (key {})", owner->name, origin.key->short_text());
        caller.role = owner->role;
        if (owner->revoked) {
            caller.role = v1::ROLE_UNSPECIFIED;
            caller.refusal.emplace(
                Code::unauthenticated,
                fmt::format("the key of {} was revoked; ask an admin to add a new one",
                            caller.name));
        }
        return caller;
    };
}

} // namespace phyll::rpc
