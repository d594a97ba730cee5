#pragma once

#include "daemon/rig/either_stop.hpp"
#include "daemon/rpc/services/services.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

namespace phyll::rpc {

/// What a call asks of rigs: under the lease whose token it carries, or else under one for just
/// this call. Ends what is under way when the call or the lease is over.
///
/// Owned by shared pointers. Thread rule: the loop's thread.
class Turn : public std::enable_shared_from_this<Turn> {
  public:
    /// The rig's thread, or another one, calls it when what was asked is over; with what was
    /// thrown, null if nothing.
    using Done = std::function<void(std::exception_ptr)>;
    /// Begins what is asked, on the loop; ends early when `stop` is requested.
    using Begin = std::function<void(const std::stop_token& stop, Done done)>;
    /// Answers the call, on the loop, once a lease for just this call has ended. May throw.
    using Finish = std::function<void()>;

    Turn(const Site& site, std::set<std::string> rigs, std::shared_ptr<Call> call, Begin begin,
         Finish finish);

    /// `what` it is, for whoever finds a rig held: "a query". Without a lease of the caller's and
    /// without `wait`, throws FAILED_PRECONDITION where a rig is not free; with one throws as
    /// LeaseTable::use does. What needs no rig needs no lease.
    void start(const char* what, bool wait);

  private:
    void take_rigs(const char* what, bool wait);
    void begin(const std::stop_token& over);
    void done(const std::exception_ptr& failure);
    void give_up();
    [[nodiscard]] Error lease_ended() const;

    const Site& site_;
    std::set<std::string> rigs_;
    std::shared_ptr<Call> call_;
    Begin begin_;
    Finish finish_;
    rig::LeaseId own_lease_ = 0; ///< for just this call; 0: it has another
    bool begun_ = false;
    std::stop_token over_;
    std::string lost_; ///< why the own lease was
    std::optional<rig::EitherStop> stop_;
    std::optional<std::stop_callback<std::function<void()>>> given_up_;
};

/// What a client is told whose lease ended under its call.
[[nodiscard]] Error lease_end(const Site& site, const Call& call);

/// Nobody waits in line for a rig that will never be free: throws UNAVAILABLE.
void require_driver(const rig::RigThread& rig);

} // namespace phyll::rpc
