#pragma once

#include "clients/cpp/address.hpp"
#include "clients/cpp/handshake.hpp"
#include "clients/cpp/wire_messages.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace phyll {

/// How long is waited for something; none: for ever.
using Timeout = std::optional<std::chrono::milliseconds>;

} // namespace phyll

namespace phyll::wire {

/// A ZeroMQ connection to a phylld that notices when it is lost. Thread rule: one thread at a time.
class Connection {
  public:
    /// Connects and waits until the other side has answered as ZeroMQ does. Throws
    /// INVALID_ARGUMENT when the endpoint is none, UNAVAILABLE at once when nobody listens there,
    /// and within 5 s when whoever does hangs up or says nothing; UNAUTHENTICATED when one of the
    /// two cannot show by its key who it is.
    explicit Connection(Address address);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] const Address& address() const noexcept { return address_; }
    [[nodiscard]] const std::string& endpoint() const noexcept { return address_.endpoint; }
    /// Waits end with CANCELLED as soon as `descriptor` is readable. It stays the caller's.
    void interrupt_by(int descriptor) noexcept { interrupt_ = descriptor; }

    void send(const v1::Header& header, Frames rest);
    /// The next message for call `id`, or nothing when none came in time. Those for others are
    /// dropped: they are late words on calls that were given up. Throws CANCELLED when it is
    /// interrupted or on a signal, UNAVAILABLE when the connection is lost.
    [[nodiscard]] std::optional<Message> receive(std::uint64_t id, Timeout timeout);

  private:
    [[nodiscard]] bool wait_for_message(Timeout timeout);
    [[nodiscard]] Message read_message();
    void await_handshake(Instant deadline);
    /// What the monitor tells next.
    [[nodiscard]] Event next_event();

    Address address_;
    zmq::context_t context_;
    zmq::socket_t dealer_{context_, zmq::socket_type::dealer};
    /// Says when the connection was lost: ZeroMQ itself would reconnect without a word, and a
    /// daemon that was started again knows nothing of our calls.
    zmq::socket_t monitor_{context_, zmq::socket_type::pair};
    int interrupt_ = -1; ///< ends waits when it becomes readable; -1: nothing does
};

} // namespace phyll::wire
