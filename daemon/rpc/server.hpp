#pragma once

#include "daemon/rpc/budget.hpp"
#include "daemon/rpc/dispatcher.hpp"
#include "daemon/rpc/last_words.hpp"
#include "daemon/rpc/router.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
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
    struct Active {
        std::shared_ptr<Call> call;
        std::unique_ptr<boost::asio::steady_timer> timer; ///< null: no deadline
    };
    /// By the numbers that the client gave its calls.
    using Calls = std::map<std::uint64_t, Active>;
    struct Client {
        Calls calls;            ///< in flight
        Budget::Account asked;  ///< bytes of what is in flight
        Budget::Account unread; ///< bytes of what waits for it to read

        /// Nothing is known of it that matters.
        [[nodiscard]] bool idle() const { return calls.empty() && asked.empty() && unread.empty(); }
    };

    void received(const Endpoint& endpoint, const Peer& peer, const std::string& address,
                  Frames frames);
    void request(const Endpoint& endpoint, const Peer& peer, const std::string& address,
                 Incoming incoming);
    /// Why a request is not taken at all.
    [[nodiscard]] std::optional<Error> refuse(const Client& client, std::uint64_t id) const;
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
    /// Counts the message as unread until ZeroMQ has let go of it; false when that is too much.
    [[nodiscard]] bool count_unread(const Peer& peer, Frames& frames);
    /// Ends every call of a peer that is gone.
    void drop(const Peer& peer);
    /// Ends every call of a peer that does not read, and tells it so once it reads again. `unread`:
    /// what waits for it.
    void cut_off(const Peer& peer, const std::string& unread);
    [[nodiscard]] Client& client(const Peer& peer);
    [[nodiscard]] Calls take_calls(const Peer& peer);
    [[nodiscard]] std::unique_ptr<boost::asio::steady_timer>
    start_timer(const std::shared_ptr<Call>& call);

    boost::asio::io_context& loop_;
    zmq::context_t context_;
    const Dispatcher& dispatcher_;
    const Clock& clock_;
    std::list<Endpoint> endpoints_;
    Budget asked_{most_asked, most_asked_by_all};
    Budget unread_{most_unread, most_unread_by_all};
    std::map<Peer, Client> clients_; ///< those that are not idle, and some that are
    std::size_t sweep_at_ = 64;      ///< that many clients are looked through for idle ones
    LastWords last_words_;
    bool closing_ = false;
};

} // namespace phyll::rpc
