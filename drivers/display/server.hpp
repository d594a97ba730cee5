#pragma once

#include "drivers/display/panel.hpp"
#include "drivers/services/one_client_server.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace phyll::display {

/// Lets one client at a time show pictures on a panel. The panel is blank before and after each:
/// nothing that a client showed outlives its connection. Thread rule: that of the executor, and of
/// the panel.
class Server final : private services::Answering {
  public:
    /// Listens on an address and port, 0 for a free one. The panel outlives it. Throws as
    /// `services::OneClientServer` does.
    Server(const boost::asio::any_io_executor& executor, Panel& panel, const std::string& address,
           std::uint16_t port);
    ~Server() override;

    [[nodiscard]] std::uint16_t port() const { return server_->port(); }

    /// Tries again to blank a panel that could not be when its client went. To be called now and
    /// then.
    void look() noexcept;

  private:
    void answer(const FramedMessage& message, Reply reply) override;
    /// Blanks the panel, whatever becomes of it.
    void gone() noexcept override;

    Panel& panel_;
    std::optional<Description> display_; ///< as it was described last, to this client
    bool lit_ = false;                   ///< nobody is there, and the panel could not be blanked
    std::optional<services::OneClientServer> server_;
};

} // namespace phyll::display
