#pragma once

#include "tests/support/paths.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <sys/un.h>
#include <thread>
#include <vector>

namespace phyll::test {

/// What systemd is for a unit of Type=notify: a socket that the program under test tells how it is.
class NotifySocket {
  public:
    NotifySocket();
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;
    ~NotifySocket();

    /// What stands before the command line of who is to tell it; with `patience`, within which it
    /// wants to hear WATCHDOG=1.
    [[nodiscard]] std::vector<std::string>
    wrap(std::optional<std::chrono::milliseconds> patience = std::nullopt) const;

    /// Waits for the next message.
    [[nodiscard]] std::string next();
    /// Waits for one that begins so; others are passed over.
    [[nodiscard]] std::string next(const std::string& beginning);
    /// Whether none came for so long. What came before is passed over.
    [[nodiscard]] bool silent_for(std::chrono::milliseconds time);

  private:
    [[nodiscard]] sockaddr_un address() const;
    /// All the time: who sends waits while ten are unread.
    void read();

    TempDir dir_;
    int socket_;
    std::mutex mutex_;
    std::condition_variable came_;
    std::deque<std::string> messages_; ///< under the mutex
    std::jthread reader_;
};

} // namespace phyll::test
