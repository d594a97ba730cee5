#pragma once

#include "daemon/metrics/collector.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace prometheus {
class Exposer;
}

namespace phyll::metrics {

/// Serves metrics by HTTP, at /metrics and below, and nothing else. Two threads of its own answer,
/// so that a scrape waits for another one and for no more; who is slow to ask, or to read, is hung
/// up on.
class Endpoint {
  public:
    /// Listens from now on: `host` is an address in numbers, port 0 picks a free one. Throws
    /// UNAVAILABLE where it cannot.
    Endpoint(const std::string& host, std::uint16_t port, std::shared_ptr<Collector> collector);
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;
    /// Closes the collector and waits for the threads: for two seconds at most, of a client that is
    /// slow.
    ~Endpoint();

    /// "http://127.0.0.1:9464/metrics"
    [[nodiscard]] const std::string& url() const noexcept { return url_; }

  private:
    std::shared_ptr<Collector> collector_;
    std::unique_ptr<prometheus::Exposer> exposer_;
    const std::string host_;
    std::uint16_t port_ = 0;
    std::string url_;
};

} // namespace phyll::metrics
