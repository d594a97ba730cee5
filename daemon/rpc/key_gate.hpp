#pragma once

#include "daemon/rpc/key_ring.hpp"
#include "daemon/rpc/socket_pump.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace phyll::rpc {

/// Answers ZeroMQ when it asks whether the owner of a key may connect (ZAP,
/// rfc.zeromq.org/spec/27): those of the ring may, by CURVE. Whoever is turned away is told so by
/// ZeroMQ and costs nothing more. There is one for a context; it is there before the sockets are
/// bound that ask. Thread rule: the loop's thread.
class KeyGate {
  public:
    /// `key` is nothing where none was shown.
    using TurnedAway =
        std::function<void(const std::optional<PublicKey>& key, const std::string& address)>;

    /// The ring outlives the gate.
    KeyGate(boost::asio::io_context& loop, zmq::context_t& context, const KeyRing& ring,
            TurnedAway turned_away);

    void start() { pump_.start(); }

  private:
    bool answer_one();
    void answer(const std::vector<std::string>& request);

    zmq::socket_t socket_;
    SocketPump pump_;
    const KeyRing& ring_;
    TurnedAway turned_away_;
};

} // namespace phyll::rpc
