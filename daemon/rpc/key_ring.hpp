#pragma once

#include "drivers/core/keys/key.hpp"

#include <phyll/v1/annotations.pb.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace phyll::rpc {

/// The keys that clients are known by, at this moment. Thread rule: the loop's thread.
class KeyRing {
  public:
    struct Owner {
        std::string name;
        v1::Role role = v1::ROLE_UNSPECIFIED;
        bool revoked = false; ///< it is still known whose it was
    };

    /// Knows a key from here on, or knows it otherwise.
    void put(const PublicKey& key, Owner owner) { owners_[key] = std::move(owner); }
    /// Null for a key that never was one.
    [[nodiscard]] const Owner* find(const PublicKey& key) const {
        const auto found = owners_.find(key);
        return found == owners_.end() ? nullptr : &found->second;
    }
    /// The key of that owner which is not revoked.
    [[nodiscard]] std::optional<std::pair<PublicKey, Owner>>
    find_valid(const std::string& name) const {
        for (const auto& [key, owner] : owners_) {
            if (!owner.revoked && owner.name == name) {
                return std::pair(key, owner);
            }
        }
        return std::nullopt;
    }
    /// Whether who has this key may connect.
    [[nodiscard]] bool lets_in(const PublicKey& key) const {
        const Owner* owner = find(key);
        return owner != nullptr && !owner->revoked;
    }

  private:
    std::map<PublicKey, Owner> owners_;
};

} // namespace phyll::rpc
