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

Error too_much_asked() {
    return {Code::resource_exhausted,
            fmt::format("{} MiB of this client's requests are in flight, or {} MiB of all "
                        "clients', no more are taken; wait for answers, or send less at a time",
                        most_asked >> 20U, most_asked_by_all >> 20U)};
}

/// The frame, with a share that is given back when ZeroMQ lets go of the frame, on a thread of its
/// own.
zmq::message_t with_share(zmq::message_t frame, Budget::Share share) {
    struct Charged {
        zmq::message_t frame;
        Budget::Share share;
    };
    auto charged = std::make_unique<Charged>(Charged{std::move(frame), std::move(share)});
    zmq::message_t out(
        charged->frame.data(), charged->frame.size(),
        [](void*, void* owner) { delete static_cast<Charged*>(owner); }, charged.get());
    static_cast<void>(charged.release()); // the frame's now
    return out;
}

Error stopping() {
    return {Code::unavailable, "phylld is stopping; ask again when it is back"};
}

} // namespace

Server::Server(boost::asio::io_context& loop, const Dispatcher& dispatcher, const Clock& clock)
    : loop_(loop), dispatcher_(dispatcher), clock_(clock), last_words_(loop) {}

Server::~Server() {
    close();
}

std::string Server::listen(const std::string& address, Identify identify) {
    Endpoint& endpoint = endpoints_.emplace_back();
    endpoint.identify = std::move(identify);
    endpoint.router = std::make_unique<Router>(
        loop_, context_,
        [this, &endpoint](std::string peer, const std::string& from, Frames frames) {
            received(endpoint, {endpoint.router.get(), std::move(peer)}, from, std::move(frames));
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
    std::vector<std::shared_ptr<Call>> calls;
    for (const auto& [peer, client] : clients_) {
        for (const auto& [id, active] : client.calls) {
            calls.push_back(active.call);
        }
    }
    const Error why = stopping();
    for (const std::shared_ptr<Call>& call : calls) {
        call->fail(why);
    }
}

void Server::received(const Endpoint& endpoint, const Peer& peer, const std::string& address,
                      Frames frames) {
    std::optional<Incoming> incoming = parse(std::move(frames));
    if (!incoming) {
        spdlog::debug("dropped a message that has no header of the protocol");
        return;
    }
    switch (incoming->header.kind()) {
    case v1::REQUEST:
        request(endpoint, peer, address, std::move(*incoming));
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

void Server::request(const Endpoint& endpoint, const Peer& peer, const std::string& address,
                     Incoming incoming) {
    const std::uint64_t id = incoming.header.id();
    const std::uint32_t timeout_ms = incoming.header.timeout_ms();
    const std::size_t bytes = bytes_of(incoming.rest);
    const Dispatcher::Method* method = dispatcher_.find(incoming.header.method());
    const auto call = std::make_shared<Call>(
        std::move(incoming.header), std::move(incoming.rest), endpoint.identify(address),
        timeout_ms == 0 ? Deadline::never() : Deadline::after(clock_, Seconds(timeout_ms / 1000.0)),
        method != nullptr ? method->exchange : Exchange::unary);
    const auto sender = [this, peer](const v1::Header& header, Frames frames) {
        send(peer, header, std::move(frames));
    };

    Client& from = client(peer);
    std::optional<Error> refused = refuse(from, id);
    std::optional<Budget::Share> share = from.asked.take(bytes);
    if (!refused && !share) {
        refused = too_much_asked();
    }
    if (refused) {
        call->connect(sender, nullptr);
        call->fail(*refused);
        return;
    }
    call->hold(std::move(*share));
    call->connect(sender, [this, peer, id] { finished(peer, id); });
    from.calls[id] = {call, start_timer(call)};
    dispatch(call, method);
}

std::optional<Error> Server::refuse(const Client& client, std::uint64_t id) const {
    if (closing_) {
        return stopping();
    }
    if (client.calls.contains(id)) {
        return invalid_field(
            "id", fmt::format("request {} is still in flight; number each request anew", id));
    }
    if (client.calls.size() >= most_calls) {
        return Error(
            Code::resource_exhausted,
            fmt::format("{} requests of this client are in flight, no more are taken; wait "
                        "for answers to some of them",
                        most_calls));
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

Server::Client& Server::client(const Peer& peer) {
    if (const auto found = clients_.find(peer); found != clients_.end()) {
        return found->second;
    }
    if (clients_.size() >= sweep_at_) {
        std::erase_if(clients_, [](const auto& entry) { return entry.second.idle(); });
        sweep_at_ = std::max(sweep_at_, 2 * clients_.size());
    }
    return clients_.emplace(peer, Client{{}, asked_.open_account(), unread_.open_account()})
        .first->second;
}

Server::Calls Server::take_calls(const Peer& peer) {
    const auto found = clients_.find(peer);
    return found == clients_.end() ? Calls{} : std::exchange(found->second.calls, {});
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
        std::optional<Budget::Share> share = client(peer).asked.take(bytes_of(incoming.rest));
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

void Server::finished(const Peer& peer, std::uint64_t id) {
    if (const auto found = clients_.find(peer); found != clients_.end()) {
        found->second.calls.erase(id);
    }
}

void Server::send(const Peer& peer, const v1::Header& header, Frames frames) {
    frames.insert(frames.begin(), serialise(header));
    if (!count_unread(peer, frames)) {
        cut_off(peer, fmt::format("{} MiB of them, or {} MiB of all clients' together",
                                  most_unread >> 20U, most_unread_by_all >> 20U));
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

bool Server::count_unread(const Peer& peer, Frames& frames) {
    const std::size_t bytes = bytes_of(frames);
    if (bytes < smallest_counted) {
        return true;
    }
    std::optional<Budget::Share> share = client(peer).unread.take(bytes);
    if (share) {
        // ZeroMQ lets go of a message's frames in order.
        frames.back() = with_share(std::move(frames.back()), std::move(*share));
    }
    return share.has_value();
}

void Server::drop(const Peer& peer) {
    last_words_.forget(peer);
    const Calls calls = take_calls(peer);
    if (calls.empty()) {
        return;
    }
    spdlog::info("a client is gone; requests in flight that end with it: {}", calls.size());
    for (const auto& [id, active] : calls) {
        active.call->abandon();
    }
}

void Server::cut_off(const Peer& peer, const std::string& unread) {
    const Calls calls = take_calls(peer);
    if (calls.empty()) {
        return;
    }
    spdlog::warn("a client does not read its answers, {} wait for it; requests in flight "
                 "that end: {}",
                 unread, calls.size());
    const Error error(Code::resource_exhausted,
                      fmt::format("the client did not read its answers: {} were waiting "
                                  "for it and no more are kept; read faster and ask again, a "
                                  "watch from the last event that was read",
                                  unread));
    for (const auto& [id, active] : calls) {
        last_words_.keep(peer, active.call->bad_end(error));
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
                             fmt::format("{} took longer than the {} ms that the client gave it; "
                                         "give it more",
                                         call->header().method(), call->header().timeout_ms())));
        }
    });
    return timer;
}

} // namespace phyll::rpc
