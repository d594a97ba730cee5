#include "daemon/rpc/last_words.hpp"

#include <chrono>
#include <iterator>

namespace phyll::rpc {
namespace {

/// How often a client that did not read is tried again.
constexpr std::chrono::milliseconds retry_interval{200};

/// Sends in order as many as the peer takes.
Router::Sent send_to(const Peer& peer, std::deque<v1::Header>& headers) {
    Router::Sent sent = Router::Sent::yes;
    while (!headers.empty() && sent == Router::Sent::yes) {
        Frames frames;
        frames.push_back(serialise(headers.front()));
        sent = peer.router->send(peer.id, std::move(frames));
        if (sent == Router::Sent::yes) {
            headers.pop_front();
        }
    }
    return sent;
}

} // namespace

void LastWords::keep(const Peer& peer, v1::Header header) {
    std::deque<v1::Header>& headers = kept_[peer];
    if (headers.size() < most_) {
        headers.push_back(std::move(header));
    }
    send_later();
}

void LastWords::send() {
    for (auto it = kept_.begin(); it != kept_.end();) {
        auto& [peer, headers] = *it;
        const bool gone = send_to(peer, headers) == Router::Sent::peer_gone;
        it = gone || headers.empty() ? kept_.erase(it) : std::next(it);
    }
    send_later();
}

void LastWords::send_later() {
    if (kept_.empty() || waiting_) {
        return;
    }
    waiting_ = true;
    timer_.expires_after(retry_interval);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            waiting_ = false;
            send();
        }
    });
}

} // namespace phyll::rpc
