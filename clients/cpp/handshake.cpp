#include "clients/cpp/handshake.hpp"

#include "clients/cpp/greeting.hpp"

#include <fmt/format.h>
#include <zmq.h>

namespace phyll::wire {
namespace {

/// The status of ZAP (ZeroMQ's RFC 27) of a key that is not known.
constexpr std::uint32_t not_known = 400;

/// phylld itself has said no, by a status of ZAP.
Error refused(const Address& address, std::uint32_t status) {
    if (status != not_known) {
        return {Code::unavailable,
                fmt::format("phylld at {} cannot tell whose key this is (status {} of ZAP); its "
                            "log has more, try again later",
                            address.endpoint, status)};
    }
    const PublicKey own = address.credentials->own.public_key();
    return {
        Code::unauthenticated,
        fmt::format("phylld at {} does not know the key {}, or it was revoked; ask an admin to add "
                    "it: phyllctl key add {} --name NAME --role operator",
                    address.endpoint, own.short_text(), own.text())};
}

/// A phylld that asks for keys.
Error wrong_keys(const Address& address) {
    if (!address.credentials) {
        return {Code::unauthenticated,
                fmt::format("phylld at {} asks for a key, and none was given; say which lab it is "
                            "with --lab, or give --server-key and --key (docs/security.md)",
                            address.endpoint)};
    }
    return {Code::unauthenticated,
            fmt::format("whoever listens at {} does not have the server key {}: it is another "
                        "phylld, or has a new key; ask an admin which it is: phyllctl key list",
                        address.endpoint, address.credentials->server.short_text())};
}

/// A phylld that asks nobody for keys.
Error no_keys(const Address& address) {
    if (!address.credentials) {
        return {Code::unavailable,
                fmt::format("phylld at {} hung up; it may be stopping, try again later",
                            address.endpoint)};
    }
    return {Code::unauthenticated,
            fmt::format("whoever listens at {} asks for no keys, so it cannot show that it has the "
                        "server key {}; say where that phylld is, or talk to this one without keys "
                        "(--endpoint alone)",
                        address.endpoint, address.credentials->server.short_text())};
}

} // namespace

Error handshake_error(const Address& address, Event event, Instant deadline) {
    if (event.number == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH && address.credentials) {
        return refused(address, event.value);
    }
    // Of the rest libzmq 4.3 tells nothing that could be relied on: whether a mechanism did not
    // fit, or a key, or somebody hung up is told alike, or now so and now so.
    switch (greeting_at(address.endpoint, deadline)) {
    case Greeting::with_keys:
        return wrong_keys(address);
    case Greeting::without_keys:
        return no_keys(address);
    case Greeting::none:
        break;
    }
    return {Code::unavailable,
            fmt::format("whoever listens at {} is no phylld; say where one is with --endpoint",
                        address.endpoint)};
}

} // namespace phyll::wire
