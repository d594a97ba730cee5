#include "daemon/rpc/server.hpp"

#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace phyll::rpc {
namespace {

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
                    fmt::format("{} needs {}, {} has {}; ask an admin for a key with that role "
                                "(admins come by the ipc socket in phylld's state directory)",
                                name, v1::Role_Name(method->role), call.caller().name,
                                v1::Role_Name(call.caller().role)));
    }
    if (!method->handler) {
        throw Error(
            Code::unimplemented,
            fmt::format("this version of phylld does not offer {} yet; a newer one may", name));
    }
}

Error too_much_asked() {
    return {Code::resource_exhausted,
            fmt::format("{} MiB of this client's requests are in flight, or {} MiB of all "
                        "clients', no more are taken; wait for answers, or send less at a time",
                        most_asked >> 20U, most_asked_by_all >> 20U)};
}

Error stopping() {
    return {Code::unavailable, "phylld is stopping; ask again when it is back"};
}

} // namespace

Server::Server(boost::asio::io_context& loop, const Dispatcher& dispatcher, const Clock& clock,
               const ClientLimits& limits)
    : loop_(loop),
      dispatcher_(dispatcher),
      clock_(clock),
      limits_(limits),
      unread_(limits.unread, most_unread_by_all),
      last_words_(loop, limits.calls) {}

void Server::set_limits(const ClientLimits& limits) {
    limits_ = limits;
    unread_.set_for_each(limits.unread);
    last_words_.set_most(limits.calls);
}

Server::~Server() {
    close();
}

Server::Endpoint& Server::endpoint(Identify identify) {
    Endpoint& endpoint = endpoints_.emplace_back();
    endpoint.identify = std::move(identify);
    endpoint.router = std::make_unique<Router>(
        loop_, context_, [this, &endpoint](std::string peer, const Origin& origin, Frames frames) {
            received(endpoint, {endpoint.router.get(), std::move(peer)}, origin, std::move(frames));
        });
    return endpoint;
}

std::string Server::listen(const std::string& address, Identify identify) {
    return endpoint(std::move(identify)).router->bind(address);
}

std::string Server::listen_for_keys(const std::string& address, const SecretKey& own,
                                    const KeyRing& ring, KeyGate::TurnedAway turned_away) {
    gate_.emplace(loop_, context_, ring, std::move(turned_away));
    Router& router = *endpoint(owners_of_keys(ring)).router;
    router.require_keys(own);
    return router.bind(address);
}

void Server::start() {
    if (gate_) {
        gate_->start();
    }
    for (Endpoint& endpoint : endpoints_) {
        endpoint.router->start();
    }
}

void Server::close() {
    closing_ = true;
    std::vector<std::shared_ptr<Call>> calls;
    for (const auto& [peer, client] : clients_) {
        for (const auto& [id, active] : client.calls) {
            calls.push_back(active.call);
        }
    }
    end(calls, stopping());
}

void Server::received(const Endpoint& endpoint, const Peer& peer, const Origin& origin,
                      Frames frames) {
    forget_others(peer, origin.key);
    std::optional<Incoming> incoming = parse(std::move(frames));
    if (!incoming) {
        spdlog::debug("dropped a message that has no header of the protocol");
        return;
    }
    switch (incoming->header.kind()) {
    case v1::REQUEST:
        request(endpoint, peer, origin, std::move(*incoming));
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

void Server::request(const Endpoint& endpoint, const Peer& peer, const Origin& origin,
                     Incoming incoming) {
    const Clock::Monotonic arrived = clock_.now();
    const std::uint64_t id = incoming.header.id();
    const std::uint32_t timeout_ms = incoming.header.timeout_ms();
    const std::size_t bytes = bytes_of(incoming.rest);
    const Dispatcher::Method* method = dispatcher_.find(incoming.header.method());
    const auto call = std::make_shared<Call>(
        std::move(incoming.header), std::move(incoming.rest), endpoint.identify(origin),
        timeout_ms == 0 ? Deadline::never() : Deadline::after(clock_, Seconds(timeout_ms / 1000.0)),
        method != nullptr ? method->exchange : Exchange::unary);
    const auto sender = [this, peer](const v1::Header& header, Frames frames) {
        send(peer, header, std::move(frames));
    };

    Client& from = client(peer, origin.key);
    const bool always =
        method != nullptr && method->always_served && bytes <= largest_always_served;
    std::optional<Error> refused = refuse(from, call->caller(), id);
    if (!refused && !always) {
        refused = refuse_for_limits(from, call->caller());
    }
    std::optional<Budget::Share> share;
    if (!refused) {
        share = from.holder->asked.take(bytes);
    }
    if (!refused && !share && !always) {
        refused = too_much_asked();
    }
    if (refused) {
        call->connect(sender, [this, method, arrived](const Call& over) {
            tell_ended(over, method, arrived);
        });
        call->fail(*refused);
        return;
    }
    if (share) {
        call->hold(std::move(*share));
    }
    call->connect(sender, [this, peer, id, method, arrived](const Call& over) {
        finished(peer, id);
        tell_ended(over, method, arrived);
    });
    add(from, id, {call, start_timer(call)});
    dispatch(call, method);
}

std::optional<Error> Server::refuse(const Client& client, const Caller& caller,
                                    std::uint64_t id) const {
    if (closing_) {
        return stopping();
    }
    if (caller.refusal) {
        return caller.refusal;
    }
    if (client.calls.contains(id)) {
        return invalid_field(
            "id", fmt::format("request {} is still in flight; number each request anew", id));
    }
    return std::nullopt;
}

std::optional<Error> Server::refuse_for_limits(const Client& client, const Caller& caller) {
    std::optional<Error> refused = beyond_limits(client, caller);
    if (refused && client.key) {
        drop_gone(*client.key);
        refused = beyond_limits(client, caller);
    }
    return refused;
}

std::optional<Error> Server::beyond_limits(const Client& client, const Caller& caller) const {
    if (client.holder->calls >= limits_.calls) {
        return Error(
            Code::resource_exhausted,
            fmt::format("{} requests of this client are in flight, no more are taken; wait "
                        "for answers to some of them",
                        limits_.calls));
    }
    if (client.key && client.calls.empty() && client.holder->connections >= limits_.connections) {
        return Error(Code::resource_exhausted,
                     fmt::format("{} connections of {} have requests in flight, no more are "
                                 "served; end some of them",
                                 limits_.connections, caller.name));
    }
    return std::nullopt;
}

void Server::tell_ended(const Call& call, const Dispatcher::Method* method,
                        Clock::Monotonic arrived) const {
    if (ended_) {
        ended_(call, method, Seconds(clock_.now() - arrived));
    }
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
    const auto found = clients_.find(peer);
    if (found == clients_.end()) {
        return nullptr;
    }
    const auto active = found->second.calls.find(id);
    return active == found->second.calls.end() ? nullptr : active->second.call;
}

void Server::cancel(const Peer& peer, std::uint64_t id) {
    if (const std::shared_ptr<Call> call = find(peer, id)) {
        call->fail(Error(Code::cancelled, "cancelled by the client"));
    }
}

void Server::grant(const Peer& peer, const v1::Header& header) {
    if (const std::shared_ptr<Call> call = find(peer, header.id())) {
        work_on(*call, [&] { call->grant(header.credit()); });
    }
}

void Server::item(const Peer& peer, Incoming incoming) {
    const std::shared_ptr<Call> call = find(peer, incoming.header.id());
    if (!call) {
        return;
    }
    work_on(*call, [&] {
        std::optional<Budget::Share> share =
            client(peer).holder->asked.take(bytes_of(incoming.rest));
        if (!share) {
            throw too_much_asked();
        }
        call->take_item(incoming.header, std::move(incoming.rest), std::move(*share));
    });
}

void Server::end(const Peer& peer, std::uint64_t id) {
    if (const std::shared_ptr<Call> call = find(peer, id)) {
        work_on(*call, [&] { call->take_end(); });
    }
}

void Server::send(const Peer& peer, const v1::Header& header, Frames frames) {
    frames.insert(frames.begin(), serialise(header));
    if (!count_unread(peer, frames)) {
        cut_off(peer, fmt::format("{} MiB of them, or {} MiB of all clients' together",
                                  limits_.unread >> 20U, most_unread_by_all >> 20U));
        return;
    }
    switch (peer.router->send(peer.id, std::move(frames))) {
    case Router::Sent::yes:
        break;
    case Router::Sent::peer_gone:
        drop(peer);
        break;
    case Router::Sent::peer_full:
        cut_off(peer, fmt::format("{} of them", send_queue));
        break;
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
                             fmt::format("{} took longer than the {} ms that the client gave it; "
                                         "give it more",
                                         call->header().method(), call->header().timeout_ms())));
        }
    });
    return timer;
}

} // namespace phyll::rpc
