#include "daemon/rpc/server.hpp"

#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <iterator>
#include <utility>

namespace phyll::rpc {
namespace {

/// Requests that one client may have in flight.
constexpr std::size_t calls_per_peer = 1024;
/// How often a client that did not read is tried again for the last words on its calls.
constexpr std::chrono::milliseconds owed_interval{200};

void check(const Dispatcher::Method* method, const Call& call) {
    const std::string& name = call.header().method();
    if (call.header().version() > protocol_version) {
        throw Error(Code::failed_precondition,
                    fmt::format("the client speaks protocol version {}, this phylld version {}; "
                                "upgrade phylld, or use an older client",
                                call.header().version(), protocol_version));
    }
    if (call.header().version() == 0) {
        throw invalid_field(
            "version", fmt::format("not set; this phylld speaks version {}", protocol_version));
    }
    if (method == nullptr) {
        throw Error(Code::unimplemented,
                    fmt::format("there is no method {}; methods are named like "
                                "'phyll.v1.Lab/Describe'",
                                in_quotes(name)));
    }
    if (call.caller().role < method->role) {
        throw Error(Code::permission_denied,
                    fmt::format("{} needs {}, the caller has {}; admins come by the ipc socket "
                                "in phylld's state directory",
                                name, v1::Role_Name(method->role),
                                v1::Role_Name(call.caller().role)));
    }
    if (!method->handler) {
        throw Error(
            Code::unimplemented,
            fmt::format("this version of phylld does not offer {} yet; a newer one may", name));
    }
}

Error stopping() {
    return {Code::unavailable, "phylld is stopping; ask again when it is back"};
}

} // namespace

Server::Server(boost::asio::io_context& loop, const Dispatcher& dispatcher, const Clock& clock)
    : loop_(loop), dispatcher_(dispatcher), clock_(clock), owed_timer_(loop) {}

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
    const Error why = stopping();
    while (!peers_.empty()) {
        // Failing a call takes it out of the table.
        peers_.begin()->second.begin()->second.call->fail(why);
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
    case v1::CREDIT:
        grant(peer, incoming->header);
        break;
    case v1::ITEM:
        item(peer, std::move(*incoming));
        break;
    case v1::END:
        end(peer, incoming->header.id());
        break;
    default:
        spdlog::debug("dropped a message of kind {}, which clients do not send",
                      static_cast<int>(incoming->header.kind()));
    }
}

void Server::request(const Peer& peer, const std::string& address, Incoming incoming) {
    const std::uint64_t id = incoming.header.id();
    const std::uint32_t timeout_ms = incoming.header.timeout_ms();
    const Dispatcher::Method* method = dispatcher_.find(incoming.header.method());
    const auto call = std::make_shared<Call>(
        std::move(incoming.header), std::move(incoming.rest), peer.endpoint->identify(address),
        timeout_ms == 0 ? Deadline::never() : Deadline::after(clock_, Seconds(timeout_ms / 1000.0)),
        method != nullptr ? method->exchange : Exchange::unary);
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
        return stopping();
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
        return Error(
            Code::resource_exhausted,
            fmt::format("{} requests of this client are in flight, no more are taken; wait "
                        "for answers to some of them",
                        calls_per_peer));
    }
    return std::nullopt;
}

void Server::dispatch(const std::shared_ptr<Call>& call, const Dispatcher::Method* method) {
    work_on(*call, [&] {
        check(method, *call);
        method->handler(call);
    });
}

void Server::work_on(Call& call, const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        call.fail(error);
    } catch (const std::exception& error) {
        spdlog::error("{} failed inside phylld: {}", call.header().method(), error.what());
        call.fail(Error(Code::internal, fmt::format("{} failed inside phylld: {}",
                                                    call.header().method(), error.what())));
    }
}

std::shared_ptr<Call> Server::find(const Peer& peer, std::uint64_t id) const {
    const auto calls = peers_.find(peer);
    if (calls == peers_.end()) {
        return nullptr;
    }
    const auto active = calls->second.find(id);
    return active == calls->second.end() ? nullptr : active->second.call;
}

void Server::cancel(const Peer& peer, std::uint64_t id) {
    if (const std::shared_ptr<Call> call = find(peer, id)) {
        call->fail(Error(Code::cancelled, "cancelled by the client"));
    }
}

void Server::grant(const Peer& peer, const v1::Header& header) {
    if (const std::shared_ptr<Call> call = find(peer, header.id())) {
        call->grant(header.credit());
    }
}

void Server::item(const Peer& peer, Incoming incoming) {
    if (const std::shared_ptr<Call> call = find(peer, incoming.header.id())) {
        work_on(*call, [&] { call->take_item(incoming.header, std::move(incoming.rest)); });
    }
}

void Server::end(const Peer& peer, std::uint64_t id) {
    if (const std::shared_ptr<Call> call = find(peer, id)) {
        work_on(*call, [&] { call->take_end(); });
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
        drop(peer);
        break;
    case Router::Sent::peer_full:
        cut_off(peer);
        break;
    }
}

void Server::drop(const Peer& peer) {
    owed_.erase(peer);
    const auto calls = peers_.extract(peer);
    if (!calls) {
        return;
    }
    spdlog::info("a client is gone; requests in flight that end with it: {}",
                 calls.mapped().size());
    for (const auto& [id, active] : calls.mapped()) {
        active.call->abandon();
    }
}

void Server::cut_off(const Peer& peer) {
    const auto calls = peers_.extract(peer);
    if (!calls) {
        return;
    }
    spdlog::warn("a client does not read its answers, {} of them wait for it; requests in flight "
                 "that end: {}",
                 send_queue, calls.mapped().size());
    const Error unread(Code::resource_exhausted,
                       fmt::format("the client did not read its answers: {} of them were waiting "
                                   "for it and no more are kept; read faster and ask again, a "
                                   "watch from the last event that was read",
                                   send_queue));
    std::deque<v1::Header>& owed = owed_[peer];
    for (const auto& [id, active] : calls.mapped()) {
        if (owed.size() < calls_per_peer) {
            owed.push_back(active.call->bad_end(unread));
        }
        active.call->abandon();
    }
    pay_owed_later();
}

void Server::pay_owed() {
    for (auto it = owed_.begin(); it != owed_.end();) {
        auto& [peer, headers] = *it;
        Router::Sent sent = Router::Sent::yes;
        while (!headers.empty() && sent == Router::Sent::yes) {
            Frames frames;
            frames.push_back(serialise(headers.front()));
            sent = peer.endpoint->router->send(peer.id, std::move(frames));
            if (sent == Router::Sent::yes) {
                headers.pop_front();
            }
        }
        const bool settled = headers.empty() || sent == Router::Sent::peer_gone;
        it = settled ? owed_.erase(it) : std::next(it);
    }
    pay_owed_later();
}

void Server::pay_owed_later() {
    if (owed_.empty()) {
        return;
    }
    owed_timer_.expires_after(owed_interval);
    owed_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            pay_owed();
        }
    });
}

std::unique_ptr<boost::asio::steady_timer> Server::start_timer(const std::shared_ptr<Call>& call) {
    if (!call->deadline().is_set()) {
        return nullptr;
    }
    auto timer = std::make_unique<boost::asio::steady_timer>(loop_, call->deadline().at());
    timer->async_wait([call](const boost::system::error_code& error) {
        if (!error) {
            call->fail(Error(Code::deadline_exceeded,
                             fmt::format("{} took longer than the {} ms that the client gave it; "
                                         "give it more",
                                         call->header().method(), call->header().timeout_ms())));
        }
    });
    return timer;
}

} // namespace phyll::rpc
