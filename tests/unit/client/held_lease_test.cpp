#include "clients/cpp/held_lease.hpp"
#include "tests/unit/client/fake_daemon.hpp"

#include <map>

using namespace phyll;
using test::FakeDaemon;

namespace {

const std::string lease_token = "0123456789abcdef";

/// Grants every lease; says `renewal` to those that are renewed.
class Leases {
  public:
    explicit Leases(double time_to_live, v1::Code renewal = v1::OK)
        : daemon_([=](const FakeDaemon::Said& said, const FakeDaemon::Say& say) {
              answer(time_to_live, renewal, said, say);
          }) {}

    [[nodiscard]] FakeDaemon& daemon() noexcept { return daemon_; }
    /// How often a method was called with the lease's token.
    [[nodiscard]] int calls(const std::string& method) const {
        int count = 0;
        for (const FakeDaemon::Said& said : daemon_.said()) {
            v1::LeaseRequest request;
            count += said.header.method() == "phyll.v1.Leases/" + method &&
                             request.ParseFromString(said.body) && request.token() == lease_token
                         ? 1
                         : 0;
        }
        return count;
    }

  private:
    static void answer(double time_to_live, v1::Code renewal, const FakeDaemon::Said& said,
                       const FakeDaemon::Say& say) {
        const std::uint64_t id = said.header.id();
        if (said.header.method() == "phyll.v1.Leases/Take") {
            v1::TakeLeaseReply reply;
            reply.set_token(lease_token);
            reply.mutable_lease()->set_time_to_live(time_to_live);
            say(FakeDaemon::answer(v1::REPLY, id), {reply.SerializeAsString()});
        } else if (said.header.method() == "phyll.v1.Leases/Renew" && renewal != v1::OK) {
            say(FakeDaemon::answer(v1::REPLY, id, renewal, "the lease ended"), {});
        } else if (said.header.method() == "phyll.v1.Leases/Renew") {
            v1::LeaseReply reply;
            reply.mutable_lease()->set_time_to_live(time_to_live);
            reply.mutable_lease()->set_seconds_left(time_to_live);
            say(FakeDaemon::answer(v1::REPLY, id), {reply.SerializeAsString()});
        } else {
            say(FakeDaemon::answer(v1::REPLY, id), {""});
        }
    }

    FakeDaemon daemon_;
};

v1::TakeLeaseRequest of_cavity() {
    v1::TakeLeaseRequest request;
    request.add_rigs("cavity");
    return request;
}

} // namespace

TEST_CASE("a lease is renewed when a third of its life is over, by its owner, and released") {
    Leases leases(6.0);
    ManualClock clock;
    {
        HeldLease lease(leases.daemon().endpoint(), of_cavity(), Client::usual_timeout, clock);
        REQUIRE(lease.token() == lease_token);
        REQUIRE(lease.next_renewal().at() == clock.now() + std::chrono::seconds(2));
        lease.renew_if_due();
        clock.advance(Seconds(1.5));
        lease.renew_if_due();
        REQUIRE(leases.calls("Renew") == 0);
        clock.advance(Seconds(1.0));
        lease.renew_if_due();
        REQUIRE(leases.calls("Renew") == 1);
        REQUIRE(lease.lease().seconds_left() == 6.0);
        REQUIRE(lease.next_renewal().at() == clock.now() + std::chrono::seconds(2));
        lease.renew_if_due();
        REQUIRE(leases.calls("Renew") == 1);
        REQUIRE(leases.calls("Release") == 0);
    }
    REQUIRE(leases.calls("Release") == 1);
}

TEST_CASE("an owner learns that its lease was lost, with the daemon's words") {
    const auto [answer, code] =
        GENERATE(std::pair(v1::ABORTED, Code::aborted), std::pair(v1::NOT_FOUND, Code::not_found));
    Leases leases(3.0, answer);
    ManualClock clock;
    HeldLease lease(leases.daemon().endpoint(), of_cavity(), Client::usual_timeout, clock);
    clock.advance(Seconds(1.0));
    try {
        lease.renew_if_due();
        FAIL("it was renewed");
    } catch (const Error& error) {
        REQUIRE(error.code() == code);
        REQUIRE(error.what() == std::string("the lease ended"));
    }
}

TEST_CASE("a lease without a time to live wants no renewal") {
    Leases leases(0.0);
    ManualClock clock;
    HeldLease lease(leases.daemon().endpoint(), of_cavity(), Client::usual_timeout, clock);
    REQUIRE_FALSE(lease.next_renewal().is_set());
    clock.advance(Seconds(1e6));
    lease.renew_if_due();
    REQUIRE(leases.calls("Renew") == 0);
}

TEST_CASE("a lease of a daemon that is gone is lost, and its owner can end") {
    Leases leases(3.0);
    ManualClock clock;
    HeldLease lease(leases.daemon().endpoint(), of_cavity(), Client::usual_timeout, clock);
    leases.daemon().go();
    clock.advance(Seconds(1.0));
    try {
        lease.renew_if_due();
        FAIL("it was renewed");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::unavailable);
    }
}
