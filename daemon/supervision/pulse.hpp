#pragma once

#include "drivers/core/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>

namespace phyll::supervision {

/// Beats as long as phylld's loop goes round and its store can be written: no beat comes from a
/// loop that is stuck, nor while the store's lock is held for good. Rigs have no part in it: a
/// driver that does not return is given up by the rig's own thread, and the others go on. Thread
/// rule: the loop's thread.
class Pulse {
  public:
    /// Beats each `interval`. `ask_store` is called on a thread of the pulse's own and returns when
    /// the store has answered; that it answers with an error counts as well: what starts anew is no
    /// better off on a full disk. All outlive this.
    Pulse(boost::asio::io_context& loop, Seconds interval, std::function<void()> ask_store,
          std::function<void()> beat);
    Pulse(const Pulse&) = delete;
    Pulse& operator=(const Pulse&) = delete;
    /// Waits for the store to answer.
    ~Pulse();

    /// Beats, and again and again until `stop`.
    void start();
    void stop();

  private:
    void ask();
    void answered();

    boost::asio::io_context& loop_;
    const Seconds interval_;
    const std::function<void()> ask_store_;
    const std::function<void()> beat_;
    boost::asio::steady_timer timer_;
    boost::asio::thread_pool asks_{1};
    bool stopped_ = false;
};

} // namespace phyll::supervision
