#pragma once

#include "drivers/audio/block_player.hpp"
#include "drivers/services/one_client_server.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace phyll::audio {

/// Lets one client at a time play and record. What a client began fades away when it is gone.
/// Thread rule: that of the executor, which is not the sound card's.
class Server final : private services::Answering {
  public:
    /// Listens on an address and port, 0 for a free one. No client lifts `limits`. The player
    /// outlives it. Throws as `services::OneClientServer` does.
    Server(const boost::asio::any_io_executor& executor, BlockPlayer& player,
           Description description, const Limits& limits, const std::string& address,
           std::uint16_t port);

    [[nodiscard]] std::uint16_t port() const { return server_->port(); }

    /// As when a client is gone. Calls `then` when it is silent.
    void hush(std::function<void()> then);

  private:
    void answer(const FramedMessage& message, Reply reply) override;
    void gone() noexcept override;

    void play(const FramedMessage& message, const Reply& reply);
    void collect(std::uint32_t number, const Reply& reply);
    /// Calls `then` once `is_so` says yes, or after so many looks, when that is given.
    /// What either of them throws as an Error is replied as refused.
    void when(Reply reply, std::function<bool()> is_so, std::optional<unsigned> looks,
              std::function<void()> then);

    BlockPlayer& player_;
    const Description description_;
    const Limits own_limits_;
    Limits limits_;                             ///< of this client, too
    bool hushing_ = false;                      ///< until what there was is forgotten, too
    std::vector<std::function<void()>> hushed_; ///< what is called then
    boost::asio::any_io_executor executor_;
    std::optional<services::OneClientServer> server_;
};

} // namespace phyll::audio
