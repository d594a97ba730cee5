#pragma once

#include "daemon/rpc/dispatcher.hpp"
#include "daemon/rpc/router.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace phyll::rpc {

/// Takes requests from its endpoints to the dispatcher and answers back to whoever asked.
/// Thread rule: the loop's thread.
class Server {
  public:
    Server(boost::asio::io_context& loop, const Dispatcher& dispatcher, const Clock& clock);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Listens; `identify` says who comes this way. Returns the address that was bound.
    std::string listen(const std::string& address, Identify identify);
    void start();
    /// Stops every call under way with UNAVAILABLE and takes no more.
    void close();

  private:
    struct Endpoint {
        Identify identify;
        std::unique_ptr<Router> router;
    };
    /// A client's connection: where it came in and the routing id that the socket gave it.
    struct Peer {
        const Endpoint* endpoint;
        std::string id;
        auto operator<=>(const Peer&) const = default;
    };
    struct Active {
        std::shared_ptr<Call> call;
        std::unique_ptr<boost::asio::steady_timer> timer; ///< null: no deadline
    };
    /// By the numbers that the client gave its calls.
    using Calls = std::map<std::uint64_t, Active>;

    void received(const Peer& peer, const std::string& address, Frames frames);
    void request(const Peer& peer, const std::string& address, Incoming incoming);
    /// Why a request is not taken at all.
    [[nodiscard]] std::optional<Error> refuse(const Peer& peer, std::uint64_t id) const;
    void dispatch(const std::shared_ptr<Call>& call, const Dispatcher::Method* method);
    /// Does `work` for the call; what it throws ends the call.
    static void work_on(Call& call, const std::function<void()>& work);
    void cancel(const Peer& peer, std::uint64_t id);
    void grant(const Peer& peer, const v1::Header& header);
    void item(const Peer& peer, Incoming incoming);
    void end(const Peer& peer, std::uint64_t id);
    /// The peer's call with this number; null when it is not in flight.
    [[nodiscard]] std::shared_ptr<Call> find(const Peer& peer, std::uint64_t id) const;
    void finished(const Peer& peer, std::uint64_t id);
    void send(const Peer& peer, const v1::Header& header, Frames frames);
    /// Ends every call of a peer that is gone.
    void drop(const Peer& peer);
    /// Ends every call of a peer that does not read, and tells it so once it reads again.
    void cut_off(const Peer& peer);
    void pay_owed();
    void pay_owed_later();
    [[nodiscard]] std::unique_ptr<boost::asio::steady_timer>
    start_timer(const std::shared_ptr<Call>& call);

    boost::asio::io_context& loop_;
    zmq::context_t context_;
    const Dispatcher& dispatcher_;
    const Clock& clock_;
    std::list<Endpoint> endpoints_;
    std::map<Peer, Calls> peers_; ///< those with calls in flight
    /// Last words for peers whose queue was full.
    std::map<Peer, std::deque<v1::Header>> owed_;
    boost::asio::steady_timer owed_timer_;
    bool closing_ = false;
};

} // namespace phyll::rpc
