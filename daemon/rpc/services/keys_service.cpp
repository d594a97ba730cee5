// Whose keys phylld knows, and who did what.

#include "daemon/rpc/services/desk.hpp"
#include "daemon/rpc/services/services.hpp"
#include "daemon/runs/run_site.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <phyll/v1/admin.pb.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace phyll::rpc {
namespace {

constexpr std::uint32_t usual_entries = 100;
constexpr std::uint32_t most_entries = 10'000;

void check_name(const std::string& name) {
    constexpr std::size_t longest = 64;
    const bool printable =
        std::ranges::all_of(name, [](unsigned char letter) { return std::iscntrl(letter) == 0; });
    if (name.empty() || name.size() > longest || !printable || trimmed(name) != name) {
        throw invalid_field("key.name",
                            fmt::format("{}; say whose key it is, in 1 to {} bytes",
                                        name.empty() ? "is empty" : in_quotes(name), longest));
    }
}

void check_role(v1::Role role) {
    if (role != v1::ROLE_VIEWER && role != v1::ROLE_OPERATOR && role != v1::ROLE_ADMIN) {
        throw invalid_field("key.role",
                            fmt::format("{}; valid are ROLE_VIEWER, ROLE_OPERATOR and ROLE_ADMIN",
                                        static_cast<int>(role)));
    }
}

std::vector<std::string> endpoints_for_keys(const Site& site) {
    std::vector<std::string> endpoints;
    std::ranges::copy_if(site.endpoints, std::back_inserter(endpoints),
                         [](const std::string& at) { return at.starts_with("tcp://"); });
    return endpoints;
}

v1::AddKeyReply add_key(const Site& site, const v1::AddKeyRequest& request, const Call& call) {
    check_name(request.key().name());
    check_role(request.key().role());
    const PublicKey public_key = PublicKey::read("key.public_key", request.key().public_key());
    v1::Key key;
    key.set_name(request.key().name());
    key.set_public_key(public_key.text());
    key.set_role(request.key().role());
    key.set_added(runs::wall_seconds(site.clock));
    key.set_added_by(utf8(call.caller().name));
    site.store.add_key(key);
    site.keys.put(public_key, {.name = key.name(), .role = key.role()});
    spdlog::warn("{} gave {} (key {}) the role {}", call.caller().name, in_quotes(key.name()),
                 public_key.short_text(), v1::Role_Name(key.role()));
    v1::AddKeyReply reply;
    *reply.mutable_key() = std::move(key);
    reply.set_server_key(site.server_key);
    if (!site.server_key.empty()) {
        const std::vector<std::string> endpoints = endpoints_for_keys(site);
        reply.mutable_endpoints()->Assign(endpoints.begin(), endpoints.end());
    }
    return reply;
}

/// Leases of who has the key, held ones and those in line, end; how many there were.
std::uint32_t end_leases(const Site& site, const PublicKey& key, const std::string& why) {
    std::uint32_t ended = 0;
    for (const rig::LeaseView& lease : site.lab.leases().leases()) {
        if (!is_bound_to(key, lease.terms.token)) {
            continue;
        }
        ++ended;
        site.lab.take_away(lease.id, why);
    }
    return ended;
}

/// Refuses the key from here on and ends what is under way with it. `own`: the call that asks for
/// it, which may be made with the same key.
v1::RevokeKeyReply shut_out(const Site& site, const PublicKey& key, KeyRing::Owner owner,
                            const Call& own) {
    owner.revoked = true;
    const std::string why = fmt::format("the key of {} (key {}) was revoked by {}", owner.name,
                                        key.short_text(), own.caller().name);
    site.keys.put(key, std::move(owner));
    v1::RevokeKeyReply reply;
    // Leases first: what the end of a call gives free must not be granted to the next of the same.
    reply.set_leases(end_leases(site, key, why));
    reply.set_calls(
        static_cast<std::uint32_t>(site.end_calls_of(key, Error(Code::aborted, why), own)));
    spdlog::warn("{}; calls that ended with it: {}, leases: {}", why, reply.calls(),
                 reply.leases());
    return reply;
}

v1::RevokeKeyReply revoke_key(const Site& site, const v1::RevokeKeyRequest& request,
                              const Call& call) {
    // A lost key is of no use from here on, whatever the store says of it.
    const auto known = site.keys.find_valid(request.name());
    v1::RevokeKeyReply reply;
    if (known) {
        reply = shut_out(site, known->first, known->second, call);
    }
    try {
        *reply.mutable_key() = site.store.revoke_key(request.name(), utf8(call.caller().name),
                                                     runs::wall_seconds(site.clock));
    } catch (const Error& error) {
        if (!known) {
            throw;
        }
        throw Error(error.code(),
                    fmt::format("the key of {} is refused from now on, but that could not be kept, "
                                "and phylld would let it in again after a restart: {}; revoke it "
                                "again when that is mended",
                                in_quotes(request.name()), error.what()));
    }
    return reply;
}

v1::AuditRequest checked(v1::AuditRequest request) {
    if (request.limit() > most_entries) {
        throw invalid_field("limit", fmt::format("{}; valid is up to {}; ask for more with "
                                                 "`before`",
                                                 request.limit(), most_entries));
    }
    if (!std::isfinite(request.since()) || request.since() < 0) {
        throw invalid_field(
            "since", fmt::format("{}; valid are seconds since 1970, from 0 on", request.since()));
    }
    if (request.limit() == 0) {
        request.set_limit(usual_entries);
    }
    return request;
}

void look_up_audit(const Site& site, const v1::AuditRequest& request,
                   const std::shared_ptr<Call>& call) {
    at_desk(
        site, call,
        [&site, request = checked(request)] {
            site.audit.write(); // what was done a moment ago is among it
            return site.store.audit(request);
        },
        [call](const std::vector<v1::AuditEntry>& entries) {
            v1::AuditReply reply;
            reply.mutable_entries()->Assign(entries.begin(), entries.end());
            call->reply(reply);
        });
}

} // namespace

void add_keys_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.answer<v1::ListKeysRequest, v1::ListKeysReply>(
        "phyll.v1.Admin/ListKeys", [&site](const v1::ListKeysRequest&, const Call&) {
            v1::ListKeysReply reply;
            const std::vector<v1::Key> keys = site.store.keys();
            reply.mutable_keys()->Assign(keys.begin(), keys.end());
            reply.set_server_key(site.server_key);
            return reply;
        });
    dispatcher.answer<v1::AddKeyRequest, v1::AddKeyReply>(
        "phyll.v1.Admin/AddKey", [&site](const v1::AddKeyRequest& request, const Call& call) {
            return add_key(site, request, call);
        });
    dispatcher.answer<v1::RevokeKeyRequest, v1::RevokeKeyReply>(
        "phyll.v1.Admin/RevokeKey", [&site](const v1::RevokeKeyRequest& request, const Call& call) {
            return revoke_key(site, request, call);
        });
    dispatcher.serve<v1::AuditRequest, v1::AuditReply>(
        "phyll.v1.Admin/Audit",
        [&site](const v1::AuditRequest& request, const std::shared_ptr<Call>& call) {
            look_up_audit(site, request, call);
        });
}

} // namespace phyll::rpc
