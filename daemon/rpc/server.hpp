#pragma once

#include "daemon/rpc/budget.hpp"
#include "daemon/rpc/dispatcher.hpp"
#include "daemon/rpc/key_gate.hpp"
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
    /// How a call ended, for whoever keeps records: `method` is null where there is none of that
    /// name. `took` is the time since the request was read.
    using Ended =
        std::function<void(const Call& call, const Dispatcher::Method* method, Seconds took)>;

    /// What is under way.
    struct Load {
        std::size_t clients = 0; ///< connections with requests in flight
        std::size_t calls = 0;   ///< those requests
    };

    Server(boost::asio::io_context& loop, const Dispatcher& dispatcher, const Clock& clock,
           const ClientLimits& limits = {});
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Listens; `identify` says who comes this way. Returns the address that was bound.
    std::string listen(const std::string& address, Identify identify);
    /// The same for those alone who have a key of the ring, and know this server's. Once at most.
    /// The ring outlives the server.
    std::string listen_for_keys(const std::string& address, const SecretKey& own,
                                const KeyRing& ring, KeyGate::TurnedAway turned_away);
    /// Set before `start`; called for every call, also for one that was refused.
    void when_ended(Ended then) { ended_ = std::move(then); }
    /// Other limits from now on; calls that are in flight stay.
    void set_limits(const ClientLimits& limits);
    void start();
    /// Ends every call under way of who has this key; how many there were.
    /// `but` is left alone.
    std::size_t end_calls_of(const PublicKey& key, const Error& why, const Call& but);
    [[nodiscard]] Load load() const;
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
    /// Whom limits are for: all connections with one key, or one connection without.
    struct Holder {
        std::size_t calls = 0;       ///< in flight
        std::size_t connections = 0; ///< with calls in flight
        Budget::Account asked;       ///< bytes of what is in flight
        Budget::Account unread;      ///< bytes of what waits to be read
    };
    struct Client {
        std::shared_ptr<Holder> holder;
        std::optional<PublicKey> key; ///< whose holder it is
        Calls calls;                  ///< in flight

        /// Nothing is known of it that matters.
        [[nodiscard]] bool idle() const {
            return calls.empty() && (key || (holder->asked.empty() && holder->unread.empty()));
        }
    };

    void received(const Endpoint& endpoint, const Peer& peer, const Origin& origin, Frames frames);
    void request(const Endpoint& endpoint, const Peer& peer, const Origin& origin,
                 Incoming incoming);
    /// Why a request is not taken at all.
    [[nodiscard]] std::optional<Error> refuse(const Client& client, const Caller& caller,
                                              std::uint64_t id) const;
    /// The same for what the client has in flight already. Connections of the key that are gone do
    /// not count.
    [[nodiscard]] std::optional<Error> refuse_for_limits(const Client& client,
                                                         const Caller& caller);
    [[nodiscard]] std::optional<Error> beyond_limits(const Client& client,
                                                     const Caller& caller) const;
    /// Forgets whoever had this routing id with another key: ZeroMQ lets clients choose them.
    void forget_others(const Peer& peer, const std::optional<PublicKey>& key);
    /// Ends the calls of connections with this key that ZeroMQ knows to be gone.
    void drop_gone(const PublicKey& key);
    void dispatch(const std::shared_ptr<Call>& call, const Dispatcher::Method* method);
    /// Does `work` for the call; what it throws ends the call.
    static void work_on(Call& call, const std::function<void()>& work);
    void cancel(const Peer& peer, std::uint64_t id);
    void grant(const Peer& peer, const v1::Header& header);
    void item(const Peer& peer, Incoming incoming);
    void end(const Peer& peer, std::uint64_t id);
    /// Ends them all badly, whatever one of them makes of it.
    static void end(const std::vector<std::shared_ptr<Call>>& calls, const Error& why);
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
    /// `key`: of who is new.
    [[nodiscard]] Client& client(const Peer& peer, const std::optional<PublicKey>& key = {});
    [[nodiscard]] std::shared_ptr<Holder> holder(const std::optional<PublicKey>& key);
    static void add(Client& client, std::uint64_t id, Active call);
    [[nodiscard]] Calls take_calls(const Peer& peer);
    void tell_ended(const Call& call, const Dispatcher::Method* method,
                    Clock::Monotonic arrived) const;
    Endpoint& endpoint(Identify identify);
    [[nodiscard]] std::unique_ptr<boost::asio::steady_timer>
    start_timer(const std::shared_ptr<Call>& call);

    boost::asio::io_context& loop_;
    zmq::context_t context_;
    const Dispatcher& dispatcher_;
    const Clock& clock_;
    std::list<Endpoint> endpoints_;
    ClientLimits limits_;
    std::optional<KeyGate> gate_;
    Ended ended_;
    Budget asked_{most_asked, most_asked_by_all};
    Budget unread_;
    std::map<PublicKey, std::shared_ptr<Holder>> holders_; ///< one for each key that came
    std::map<Peer, Client> clients_; ///< those that are not idle, and some that are
    std::size_t sweep_at_ = 64;      ///< that many clients are looked through for idle ones
    LastWords last_words_;
    bool closing_ = false;
};

} // namespace phyll::rpc
