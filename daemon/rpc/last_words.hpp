#pragma once

#include "daemon/rpc/router.hpp"

#include <utility>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <deque>
#include <map>

namespace phyll::rpc {

/// How calls ended of clients that did not read: kept until they read again, and sent then.
/// Thread rule: the loop's thread.
class LastWords {
  public:
    /// `most`: calls that a peer may have in flight.
    LastWords(boost::asio::io_context& loop, std::size_t most) : timer_(loop), most_(most) {}

    /// Keeps a message for the peer; not more of them than it may have calls in flight.
    void keep(const Peer& peer, v1::Header header);
    /// Another number of calls from now on.
    void set_most(std::size_t most) noexcept { most_ = most; }
    /// The peer is gone.
    void forget(const Peer& peer) { kept_.erase(peer); }

  private:
    void send();
    void send_later();

    std::map<Peer, std::deque<v1::Header>> kept_;
    boost::asio::steady_timer timer_;
    std::size_t most_;
    bool waiting_ = false; ///< for the timer
};

} // namespace phyll::rpc
