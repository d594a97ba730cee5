#include "clients/cpp/held_lease.hpp"

#include <algorithm>
#include <chrono>
#include <exception>

namespace phyll {
namespace {

/// Two heartbeats may be lost or late, and the lease is still there.
constexpr double beats_per_life = 3.0;
/// A daemon that is busy or gone does not keep an owner from ending.
constexpr std::chrono::milliseconds release_time{1000};

} // namespace

HeldLease::HeldLease(const Address& address, const v1::TakeLeaseRequest& request, Timeout timeout,
                     const Clock& clock, int interrupt)
    : client_(address), clock_(clock) {
    client_.interrupt_by(interrupt);
    const auto reply = client_.call<v1::TakeLeaseReply>("phyll.v1.Leases/Take", request, timeout);
    token_ = reply.token();
    take_note(reply.lease(), clock.now());
}

HeldLease::~HeldLease() {
    client_.interrupt_by(-1); // whoever interrupted the owner wants the rigs back, too
    v1::LeaseRequest request;
    request.set_token(token_);
    try {
        static_cast<void>(
            client_.call<v1::ReleaseLeaseReply>("phyll.v1.Leases/Release", request, release_time));
    } catch (const std::exception&) {
        // It was lost before, or ends with its time to live.
    }
}

void HeldLease::renew_if_due() {
    if (!next_.passed(clock_)) {
        return;
    }
    const Clock::Monotonic asked = clock_.now();
    v1::LeaseRequest request;
    request.set_token(token_);
    // An answer that comes when the lease has ended is of no use.
    const auto life = std::chrono::ceil<std::chrono::milliseconds>(Seconds(lease_.time_to_live()));
    take_note(client_
                  .call<v1::LeaseReply>("phyll.v1.Leases/Renew", request,
                                        std::min(Client::usual_timeout, life))
                  .lease(),
              asked);
}

/// The lease's life began at `from`, or a little later.
void HeldLease::take_note(const v1::Lease& lease, Clock::Monotonic from) {
    lease_ = lease;
    const Seconds beat(lease.time_to_live() / beats_per_life);
    next_ = lease.time_to_live() > 0
                ? Deadline(from + std::chrono::duration_cast<Clock::Monotonic::duration>(beat))
                : Deadline::never();
}

} // namespace phyll
