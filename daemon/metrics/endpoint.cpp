#include "daemon/metrics/endpoint.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <prometheus/exposer.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <utility>
#include <vector>

namespace phyll::metrics {
namespace {

using namespace std::chrono_literals;

constexpr const char* path = "/metrics";

/// Of CivetWeb. Nothing of the file system is served, since there is no document root.
std::vector<std::string> options(const std::string& host, std::uint16_t port) {
    return {"listening_ports",
            fmt::format("{}:{}", host, port),
            "num_threads",
            "2",
            "request_timeout_ms", // of who is slow to ask, or to read
            "2000",
            "max_request_size",
            "4096",
            "enable_keep_alive",
            "no",
            "enable_directory_listing",
            "no"};
}

/// CivetWeb notices that it is to end when somebody comes, or else after two seconds.
void knock(const std::string& host, std::uint16_t port) {
    const int door = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
    static_cast<void>(::connect(door, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    ::close(door);
}

} // namespace

Endpoint::Endpoint(const std::string& host, std::uint16_t port,
                   std::shared_ptr<Collector> collector)
    : collector_(std::move(collector)), host_(host) {
    try {
        exposer_ = std::make_unique<prometheus::Exposer>(options(host, port));
    } catch (const std::exception&) { // it does not say why
        throw Error(Code::unavailable,
                    fmt::format("metrics cannot be served at {}:{}: another program listens there, "
                                "or phylld may not; choose another port, or 0 for a free one",
                                host, port));
    }
    exposer_->RegisterCollectable(collector_, path);
    port_ = static_cast<std::uint16_t>(exposer_->GetListeningPorts().at(0));
    url_ = fmt::format("http://{}:{}{}", host_, port_, path);
}

Endpoint::~Endpoint() {
    collector_->close();
    const auto ended = std::async(std::launch::async, [this] { exposer_.reset(); });
    while (ended.wait_for(10ms) == std::future_status::timeout) {
        knock(host_, port_);
    }
}

} // namespace phyll::metrics
