#include "daemon/rpc/server.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

namespace phyll::rpc {
namespace {

/// Requests that one client may have in flight.
constexpr std::size_t calls_per_peer = 1024;

void check(const Dispatcher::Method* method, const Call& call) {
    const std::string& name = call.header().method();
    if (call.header().version() > protocol_version) {
        throw Error(Code::failed_precondition,
                    fmt::format("the client speaks protocol version {}, this daemon version {}: "
                                "upgrade phylld, or use an older client",
                                call.header().version(), protocol_version));
    }
    if (call.header().version() == 0) {
        throw invalid_field(
            "version", fmt::format("is not set; this daemon speaks version {}", protocol_version));
    }
    if (method == nullptr) {
        throw Error(Code::unimplemented,
                    fmt::format("there is no method '{}'; methods are named like "
                                "'phyll.v1.Lab/Describe'",
                                name));
    }
    if (call.caller().role < method->role) {
        throw Error(Code::permission_denied,
                    fmt::format("{} needs the role {}, the caller is {}", name,
                                v1::Role_Name(method->role), v1::Role_Name(call.caller().role)));
    }
    if (!method->handler) {
        throw Error(Code::unimplemented, fmt::format("this daemon does not offer {} yet", name));
    }
}

} // namespace

Server::Server(boost::asio::io_context& loop, const Dispatcher& dispatcher, const Clock& clock)
    : loop_(loop), dispatcher_(dispatcher), clock_(clock) {}

Server::~Server() {
    close();
}

std::string Server::listen(const std::string& address, Identify identify) {
    Endpoint& endpoint = endpoints_.emplace_back();
    endpoint.identify = std::move(identify);
    endpoint.router = std::make_unique<Router>(
        loop_, context_,
        [this, &endpoint](std::string peer, const std::string& from, Frames frames) {
            received({&endpoint, std::move(peer)}, from, std::move(frames));
        });
    return endpoint.router->bind(address);
}

void Server::start() {
    for (Endpoint& endpoint : endpoints_) {
        endpoint.router->start();
    }
}

void Server::close() {
    closing_ = true;
    const Error stopping(Code::unavailable, "phylld is stopping; ask again when it is back");
    while (!peers_.empty()) {
        // Failing a call takes it out of the table.
        peers_.begin()->second.begin()->second.call->fail(stopping);
    }
}

void Server::received(const Peer& peer, const std::string& address, Frames frames) {
    std::optional<Incoming> incoming = parse(std::move(frames));
    if (!incoming) {
        spdlog::debug("dropped a message that has no header of the protocol");
        return;
    }
    switch (incoming->header.kind()) {
    case v1::REQUEST:
        request(peer, address, std::move(*incoming));
        break;
    case v1::CANCEL:
        cancel(peer, incoming->header.id());
        break;
    default:
        spdlog::debug("dropped a {} from a client", v1::Kind_Name(incoming->header.kind()));
    }
}

void Server::request(const Peer& peer, const std::string& address, Incoming incoming) {
    const std::uint64_t id = incoming.header.id();
    const std::uint32_t timeout_ms = incoming.header.timeout_ms();
    const Dispatcher::Method* method = dispatcher_.find(incoming.header.method());
    const auto call = std::make_shared<Call>(
        std::move(incoming.header), std::move(incoming.rest), peer.endpoint->identify(address),
        timeout_ms == 0 ? Deadline::never() : Deadline::after(clock_, Seconds(timeout_ms / 1000.0)),
        method != nullptr && method->descriptor->server_streaming());
    const auto sender = [this, peer](const v1::Header& header, Frames frames) {
        send(peer, header, std::move(frames));
    };

    if (const std::optional<Error> refused = refuse(peer, id)) {
        call->connect(sender, nullptr);
        call->fail(*refused);
        return;
    }
    call->connect(sender, [this, peer, id] { finished(peer, id); });
    peers_[peer][id] = {call, start_timer(call)};
    dispatch(call, method);
}

std::optional<Error> Server::refuse(const Peer& peer, std::uint64_t id) const {
    if (closing_) {
        return Error(Code::unavailable, "phylld is stopping");
    }
    const auto found = peers_.find(peer);
    if (found == peers_.end()) {
        return std::nullopt;
    }
    if (found->second.contains(id)) {
        return invalid_field(
            "id", fmt::format("request {} is still in flight; number each request anew", id));
    }
    if (found->second.size() >= calls_per_peer) {
        return Error(Code::resource_exhausted,
                     fmt::format("{} requests are in flight, no more are taken: wait for answers",
                                 calls_per_peer));
    }
    return std::nullopt;
}

void Server::dispatch(const std::shared_ptr<Call>& call, const Dispatcher::Method* method) {
    try {
        check(method, *call);
        method->handler(call);
    } catch (const Error& error) {
        call->fail(error);
    } catch (const std::exception& error) {
        spdlog::error("{} failed: {}", call->header().method(), error.what());
        call->fail(Error(Code::internal, fmt::format("{} failed inside phylld: {}",
                                                     call->header().method(), error.what())));
    }
}

void Server::cancel(const Peer& peer, std::uint64_t id) {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) {
        return;
    }
    if (const auto active = found->second.find(id); active != found->second.end()) {
        active->second.call->fail(Error(Code::cancelled, "cancelled by the client"));
    }
}

void Server::finished(const Peer& peer, std::uint64_t id) {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) {
        return;
    }
    found->second.erase(id);
    if (found->second.empty()) {
        peers_.erase(found);
    }
}

void Server::send(const Peer& peer, const v1::Header& header, Frames frames) {
    frames.insert(frames.begin(), serialise(header));
    switch (peer.endpoint->router->send(peer.id, std::move(frames))) {
    case Router::Sent::yes:
        break;
    case Router::Sent::peer_gone:
        drop(peer, "is gone");
        break;
    case Router::Sent::peer_full:
        drop(peer, "does not read its answers");
        break;
    }
}

void Server::drop(const Peer& peer, const char* why) {
    const auto calls = peers_.extract(peer);
    if (!calls) {
        return;
    }
    spdlog::info("a client {}; {} of its requests end", why, calls.mapped().size());
    for (const auto& [id, active] : calls.mapped()) {
        active.call->abandon();
    }
}

std::unique_ptr<boost::asio::steady_timer> Server::start_timer(const std::shared_ptr<Call>& call) {
    if (!call->deadline().is_set()) {
        return nullptr;
    }
    auto timer = std::make_unique<boost::asio::steady_timer>(loop_, call->deadline().at());
    timer->async_wait([call](const boost::system::error_code& error) {
        if (!error) {
            call->fail(Error(Code::deadline_exceeded,
                             fmt::format("{} took longer than the {} ms that the client gave it",
                                         call->header().method(), call->header().timeout_ms())));
        }
    });
    return timer;
}

} // namespace phyll::rpc
