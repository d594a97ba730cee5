#pragma once

#include <atomic>
#include <string>
#include <thread>

namespace phyll::test {

/// A network between a client and a daemon, which can fail: connections stand, and nothing passes.
class TcpProxy {
  public:
    /// To "tcp://127.0.0.1:PORT".
    explicit TcpProxy(const std::string& daemon);
    TcpProxy(const TcpProxy&) = delete;
    TcpProxy& operator=(const TcpProxy&) = delete;
    ~TcpProxy();

    /// Where clients connect: "tcp://127.0.0.1:PORT".
    [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }
    /// From here on nothing passes, in either direction.
    void cut() { cut_ = true; }

  private:
    void serve();

    int daemon_port_;
    int listener_ = -1;
    std::string endpoint_;
    std::atomic<bool> cut_ = false;
    std::atomic<bool> ending_ = false;
    std::thread thread_;
};

} // namespace phyll::test
