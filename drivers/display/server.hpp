#pragma once

#include "drivers/display/panel.hpp"

// g++ 12 wants <utility> before Asio.
#include <utility>

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace phyll::display {

/// Lets one client at a time show pictures on a panel. The panel is blank before and after each:
/// nothing that a client showed outlives its connection. Thread rule: that of the executor, and of
/// the panel.
class Server {
  public:
    /// Listens on an address and port, 0 for a free one. The panel outlives it. Throws UNAVAILABLE
    /// when that is taken, INVALID_ARGUMENT when it is no address.
    Server(const boost::asio::any_io_executor& executor, Panel& panel, const std::string& address,
           std::uint16_t port);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    [[nodiscard]] std::uint16_t port() const;

    /// Tries again to blank a panel that could not be when its client went. To be called now and
    /// then.
    void look() noexcept;

  private:
    class Client;

    void accept();
    /// Blanks the panel, whatever becomes of it.
    void client_gone() noexcept;

    Panel& panel_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::shared_ptr<Client> client_;
    bool lit_ = false; ///< nobody is there, and the panel could not be blanked
};

} // namespace phyll::display
