#include "daemon/metrics/endpoint.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <prometheus/exposer.h>

#include <utility>
#include <vector>

namespace phyll::metrics {
namespace {

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

} // namespace

Endpoint::Endpoint(const std::string& host, std::uint16_t port,
                   std::shared_ptr<Collector> collector)
    : collector_(std::move(collector)) {
    try {
        exposer_ = std::make_unique<prometheus::Exposer>(options(host, port));
    } catch (const std::exception&) { // it does not say why
        throw Error(Code::unavailable,
                    fmt::format("metrics cannot be served at {}:{}: another program listens there, "
                                "or phylld may not; choose another port, or 0 for a free one",
                                host, port));
    }
    exposer_->RegisterCollectable(collector_, path);
    url_ = fmt::format("http://{}:{}{}", host, exposer_->GetListeningPorts().at(0), path);
}

Endpoint::~Endpoint() {
    collector_->close();
}

} // namespace phyll::metrics
