#pragma once

#include "clients/cpp/client.hpp"
#include "drivers/core/clock.hpp"

#include <phyll/v1/leases.pb.h>

#include <string>

namespace phyll {

/// A lease on rigs, held on a connection of its own, which no data shares: `phyll.v1.Leases`.
///
/// It lasts as long as its owner is alive: nothing renews it but the owner's own loop, by
/// `renew_if_due`. There is no thread for that on purpose: an owner that hangs must lose its rigs.
/// Released with the object. Thread rule: one thread at a time.
class HeldLease {
  public:
    /// Takes the lease; throws what the daemon refuses it with. No timeout: waits for ever, if the
    /// request says that it waits. `interrupt`: waits end when this descriptor is readable; -1:
    /// nothing ends them. The clock outlives the lease.
    HeldLease(const Address& address, const v1::TakeLeaseRequest& request, Timeout timeout,
              const Clock& clock, int interrupt = -1);
    /// Gives the rigs back, if the daemon is still there to hear it.
    ~HeldLease();
    HeldLease(const HeldLease&) = delete;
    HeldLease& operator=(const HeldLease&) = delete;

    /// What requests under the lease carry: see Client::use_lease.
    [[nodiscard]] const std::string& token() const noexcept { return token_; }
    /// As the daemon last described it.
    [[nodiscard]] const v1::Lease& lease() const noexcept { return lease_; }

    /// Waits end when this descriptor is readable from here on; -1: nothing ends them.
    void interrupt_by(int descriptor) noexcept { client_.interrupt_by(descriptor); }

    /// Renews the lease when a third of its time to live is over. Throws what the daemon says of a
    /// lease that was lost (ABORTED, NOT_FOUND), UNAVAILABLE when the daemon is.
    void renew_if_due();
    /// When `renew_if_due` has something to do; never of a lease that lasts until it is released.
    [[nodiscard]] const Deadline& next_renewal() const noexcept { return next_; }

  private:
    void take_note(const v1::Lease& lease, Clock::Monotonic from);

    Client client_;
    const Clock& clock_;
    std::string token_;
    v1::Lease lease_;
    Deadline next_;
};

} // namespace phyll
