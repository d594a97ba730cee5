// What the server knows of its clients: their calls in flight, and what they hold.

#include "daemon/rpc/server.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace phyll::rpc {
namespace {

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

} // namespace

Server::Client& Server::client(const Peer& peer, const std::optional<PublicKey>& key) {
    if (const auto found = clients_.find(peer); found != clients_.end()) {
        return found->second;
    }
    if (clients_.size() >= sweep_at_) {
        std::erase_if(clients_, [](const auto& entry) { return entry.second.idle(); });
        sweep_at_ = std::max(sweep_at_, 2 * clients_.size());
    }
    return clients_.emplace(peer, Client{holder(key), key, {}}).first->second;
}

std::shared_ptr<Server::Holder> Server::holder(const std::optional<PublicKey>& key) {
    const auto fresh = [this] {
        return std::make_shared<Holder>(
            Holder{0, 0, asked_.open_account(), unread_.open_account()});
    };
    if (!key) {
        return fresh();
    }
    std::shared_ptr<Holder>& known = holders_[*key];
    if (!known) {
        known = fresh();
    }
    return known;
}

void Server::add(Client& client, std::uint64_t id, Active call) {
    ++client.holder->calls;
    if (client.calls.empty()) {
        ++client.holder->connections;
    }
    client.calls[id] = std::move(call);
}

Server::Calls Server::take_calls(const Peer& peer) {
    const auto found = clients_.find(peer);
    if (found == clients_.end() || found->second.calls.empty()) {
        return {};
    }
    Client& client = found->second;
    client.holder->calls -= client.calls.size();
    --client.holder->connections;
    return std::exchange(client.calls, {});
}

Server::Load Server::load() const {
    Load load;
    for (const auto& [peer, client] : clients_) {
        load.clients += client.calls.empty() ? 0 : 1;
        load.calls += client.calls.size();
    }
    return load;
}

void Server::finished(const Peer& peer, std::uint64_t id) {
    const auto found = clients_.find(peer);
    if (found == clients_.end() || found->second.calls.erase(id) == 0) {
        return;
    }
    Client& client = found->second;
    --client.holder->calls;
    if (client.calls.empty()) {
        --client.holder->connections;
    }
}

void Server::end(const std::vector<std::shared_ptr<Call>>& calls, const Error& why) {
    for (const std::shared_ptr<Call>& call : calls) {
        try {
            call->fail(why);
        } catch (const std::exception& error) {
            spdlog::error("{} could not be ended as it should: {}", call->header().method(),
                          error.what());
        }
    }
}

std::size_t Server::end_calls_of(const PublicKey& key, const Error& why, const Call& but) {
    std::vector<std::shared_ptr<Call>> calls;
    for (const auto& [peer, client] : clients_) {
        if (client.key == key) {
            for (const auto& [id, active] : client.calls) {
                if (active.call.get() != &but) {
                    calls.push_back(active.call);
                }
            }
        }
    }
    end(calls, why);
    return calls.size();
}

void Server::forget_others(const Peer& peer, const std::optional<PublicKey>& key) {
    const auto found = clients_.find(peer);
    if (found != clients_.end() && found->second.key != key) {
        drop(peer);
        clients_.erase(peer);
    }
}

void Server::drop_gone(const PublicKey& key) {
    std::vector<Peer> peers;
    for (const auto& [peer, client] : clients_) {
        if (client.key == key && !client.calls.empty()) {
            peers.push_back(peer);
        }
    }
    v1::Header nothing; // of no call: clients pass over it
    nothing.set_kind(v1::CREDIT);
    nothing.set_version(protocol_version);
    for (const Peer& peer : peers) {
        Frames frames;
        frames.push_back(serialise(nothing));
        if (peer.router->send(peer.id, std::move(frames)) == Router::Sent::peer_gone) {
            drop(peer);
        }
    }
}

bool Server::count_unread(const Peer& peer, Frames& frames) {
    const std::size_t bytes = bytes_of(frames);
    if (bytes < smallest_counted) {
        return true;
    }
    std::optional<Budget::Share> share = client(peer).holder->unread.take(bytes);
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
    const Error gone(Code::cancelled, "its client is gone");
    for (const auto& [id, active] : calls) {
        active.call->abandon(gone);
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
        active.call->abandon(error);
    }
}

} // namespace phyll::rpc
