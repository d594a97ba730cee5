#pragma once

#include "drivers/core/framed_message.hpp"

// g++ 12 wants <utility> before Asio.
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace phyll::services {

/// What serves the one client that is connected. Thread rule: the server's executor.
class Answering {
  public:
    Answering() = default;
    Answering(const Answering&) = delete;
    Answering& operator=(const Answering&) = delete;
    virtual ~Answering() = default;

    using Reply = std::function<void(std::uint32_t kind, std::span<const std::byte> content)>;

    /// Answers a message: calls `reply` once, now or later. No other message comes before that; to
    /// a client that is gone meanwhile it replies in vain. What it throws as an Error the client is
    /// told as refused.
    virtual void answer(const FramedMessage& message, Reply reply) = 0;
    /// The client is gone: nothing that it began outlives it.
    virtual void gone() noexcept = 0;
};

/// Lets one client at a time talk to a device over TCP, a question at a time, in framed messages.
/// Who comes second is refused, unless the first one leaves within half a second: a client that
/// comes back may be seen to come before it is seen to go. A client whose machine or wire is dead
/// is gone after 6 s. Thread rule: that of the executor.
class OneClientServer {
  public:
    /// Listens on an address and port, 0 for a free one. `answering` outlives it; `device` is for
    /// the words of who is refused: "the display". Throws UNAVAILABLE when that is taken,
    /// INVALID_ARGUMENT when it is no address.
    OneClientServer(const boost::asio::any_io_executor& executor, const Framing& framing,
                    std::string device, Answering& answering, const std::string& address,
                    std::uint16_t port);
    OneClientServer(const OneClientServer&) = delete;
    OneClientServer& operator=(const OneClientServer&) = delete;
    /// The client is gone then.
    ~OneClientServer();

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] bool has_client() const noexcept { return client_ != nullptr; }

  private:
    class Client;

    void accept();
    [[nodiscard]] std::shared_ptr<Client> served(boost::asio::ip::tcp::socket socket);
    void refuse_next();
    void client_gone() noexcept;

    const Framing framing_;
    const std::string device_;
    Answering& answering_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::shared_ptr<Client> client_;
    std::shared_ptr<Client> next_; ///< who came while another was there, which may just be leaving
    boost::asio::steady_timer leaving_;
    boost::asio::steady_timer again_;
};

} // namespace phyll::services
