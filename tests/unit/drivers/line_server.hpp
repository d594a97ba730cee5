#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace phyll::test {

/// Somebody at the other end of a raw socket, on a thread of its own: takes lines and answers some.
class LineServer {
  public:
    /// Is given a line, and returns what is sent back, exactly; empty: nothing.
    using Answer = std::function<std::string(const std::string&)>;

    explicit LineServer(Answer answer);
    LineServer(const LineServer&) = delete;
    LineServer& operator=(const LineServer&) = delete;
    ~LineServer();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// As a VISA resource string.
    [[nodiscard]] std::string address() const;
    /// The lines that came, in order.
    [[nodiscard]] std::vector<std::string> lines() const;
    [[nodiscard]] int connections() const noexcept { return connections_; }
    /// Closes the connection that stands.
    void drop();

  private:
    void serve();
    void talk(int connection);

    Answer answer_;
    std::uint16_t port_ = 0; ///< set as the listener is bound
    int listener_;
    std::atomic<int> connection_ = -1;
    std::atomic<int> connections_ = 0;
    std::atomic<bool> over_ = false;
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
    std::thread thread_;
};

/// A port of this machine on which nobody listens.
[[nodiscard]] std::string nobodys_address();

} // namespace phyll::test
