#pragma once

#include "drivers/core/keys/key.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_peer.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/admin.pb.h>
#include <phyll/v1/leases.pb.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace phyll::test {

/// Two rigs, and keys for whoever comes by TCP.
inline const std::string lab_with_keys =
    "authentication = \"keys\"\n" + std::string(Daemon::small_lab);

/// What makes a socket show a key to the server that has `server` (in hexadecimal).
inline std::function<void(zmq::socket_t&)> showing(const std::string& server,
                                                   const SecretKey& key) {
    return [server = PublicKey::read("server", server), key](zmq::socket_t& socket) {
        const auto bytes = [](const std::array<std::byte, 32>& of) {
            return zmq::buffer(of.data(), of.size());
        };
        socket.set(zmq::sockopt::curve_serverkey, bytes(server.bytes));
        socket.set(zmq::sockopt::curve_publickey, bytes(key.public_key().bytes));
        socket.set(zmq::sockopt::curve_secretkey, bytes(key.bytes()));
    };
}

/// Somebody with a key that the daemon was told of.
struct Keyed {
    Keyed(const Daemon& daemon, const std::string& name, v1::Role role)
        : key(added(daemon, name, role)), peer(daemon.tcp(), showing(daemon.server_key(), key)) {}

    SecretKey key;
    RawPeer peer;

  private:
    static SecretKey added(const Daemon& daemon, const std::string& name, v1::Role role) {
        SecretKey key = new_secret_key();
        v1::AddKeyRequest request;
        request.mutable_key()->set_name(name);
        request.mutable_key()->set_public_key(key.public_key().text());
        request.mutable_key()->set_role(role);
        REQUIRE(RawPeer(daemon.ipc()).ask("phyll.v1.Admin/AddKey", request).code() == v1::OK);
        return key;
    }
};

/// An answer that must be good.
template <class Reply>
Reply reply_of(const Answer& answer) {
    INFO(answer.message());
    REQUIRE(answer.code() == v1::OK);
    Reply reply;
    REQUIRE(reply.ParseFromString(answer.rest.at(0)));
    return reply;
}

inline v1::TakeLeaseRequest lease_on(const std::string& rig) {
    v1::TakeLeaseRequest request;
    request.add_rigs(rig);
    request.set_time_to_live(600);
    return request;
}

/// Gets in line for a rig that somebody else has.
inline void wait_for(RawPeer& peer, const std::string& rig, std::uint64_t id) {
    v1::TakeLeaseRequest wish = lease_on(rig);
    wish.set_wait(true);
    peer.send({RawPeer::request("phyll.v1.Leases/Take", id).SerializeAsString(),
               wish.SerializeAsString()});
}

inline v1::LeaseRequest with_token(const std::string& token) {
    v1::LeaseRequest request;
    request.set_token(token);
    return request;
}

inline v1::RevokeKeyReply revoke(RawPeer& admin, const std::string& name) {
    v1::RevokeKeyRequest request;
    request.set_name(name);
    return reply_of<v1::RevokeKeyReply>(admin.ask("phyll.v1.Admin/RevokeKey", request));
}

} // namespace phyll::test
