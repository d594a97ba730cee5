#include "daemon/rpc/services/desk.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <boost/asio/post.hpp>
#include <phyll/v1/leases.pb.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>

namespace phyll::rpc {
namespace {

/// In seconds.
constexpr double usual_time_to_live = 5.0;
constexpr double shortest_time_to_live = 0.1;
constexpr double longest_time_to_live = 86400.0;

v1::Lease lease_on_wire(const rig::LeaseView& view) {
    v1::Lease lease;
    lease.set_number(view.id);
    lease.mutable_rigs()->Assign(view.terms.rigs.begin(), view.terms.rigs.end());
    lease.set_holder(utf8(view.terms.holder));
    lease.set_note(utf8(view.terms.note));
    lease.set_time_to_live(view.terms.time_to_live.count());
    lease.set_seconds_left(view.left.count());
    lease.set_waiting(view.waiting);
    lease.set_waits_for(utf8(view.waits_for));
    lease.set_priority(view.terms.priority);
    lease.set_since(view.since);
    return lease;
}

/// Throws INVALID_ARGUMENT, or NOT_FOUND for a rig that is not there.
rig::LeaseTerms terms_of(const Site& site, const v1::TakeLeaseRequest& request, const Call& call) {
    rig::LeaseTerms terms{.rigs = {request.rigs().begin(), request.rigs().end()},
                          .holder = call.caller().name,
                          .note = request.note(),
                          .time_to_live = Seconds(time_to_live_of(request.time_to_live())),
                          .token = bound_token(call, fresh_token())};
    if (terms.rigs.empty()) {
        throw invalid_field("rigs", "is empty; name the rigs to be held");
    }
    for (const std::string& name : terms.rigs) {
        static_cast<void>(site.lab.rig(name));
    }
    check_note(request.note());
    return terms;
}

/// A request for a lease, which is the place in the line while it waits.
class Taking : public std::enable_shared_from_this<Taking> {
  public:
    Taking(const Site& site, std::shared_ptr<Call> call) : site_(site), call_(std::move(call)) {}

    void start(rig::LeaseTerms terms, bool wait) {
        token_ = terms.token;
        rig::LeaseEvents events{
            .granted = [self = shared_from_this()](const rig::Grant&) { self->granted(); },
            .lost = [self = shared_from_this()](rig::LeaseEnd how,
                                                const std::string& why) { self->lost(how, why); }};
        lease_ = wait ? site_.lab.wait_for(std::move(terms), std::move(events))
                      : site_.lab.take(std::move(terms), std::move(events));
        call_->when_over([self = shared_from_this()] {
            if (!self->granted_) {
                self->site_.lab.end(self->lease_);
            }
        });
    }

  private:
    void granted() {
        granted_ = true;
        const rig::LeaseView view = site_.lab.leases().view(lease_);
        holder_ = view.terms.holder;
        rigs_ = fmt::format("{}", fmt::join(view.terms.rigs, ", "));
        spdlog::info("{} is leased to {} for {:g} s{}{}", rigs_, holder_,
                     view.terms.time_to_live.count(), view.terms.note.empty() ? "" : ": ",
                     view.terms.note);
        v1::TakeLeaseReply reply;
        reply.set_token(wire_token(token_));
        *reply.mutable_lease() = lease_on_wire(view);
        call_->reply(reply);
    }

    void lost(rig::LeaseEnd how, const std::string& why) const {
        if (!granted_) {
            return; // in line; whoever took the place away ends the call, too
        }
        spdlog::log(how == rig::LeaseEnd::released ? spdlog::level::info : spdlog::level::warn,
                    "the lease of {} on {} has ended: {}", holder_, rigs_, why);
    }

    const Site& site_;
    std::shared_ptr<Call> call_;
    std::string token_;
    std::string holder_;
    std::string rigs_;
    rig::LeaseId lease_ = 0;
    bool granted_ = false;
};

/// Throws NOT_FOUND, also for the token of somebody else.
rig::LeaseId lease_with(const Site& site, const v1::LeaseRequest& request, const Call& call) {
    return site.lab.leases().find(bound_token(call, request.token()));
}

v1::LeaseReply renew(const Site& site, const v1::LeaseRequest& request, const Call& call) {
    const rig::LeaseId lease = lease_with(site, request, call);
    site.lab.renew(lease);
    v1::LeaseReply reply;
    *reply.mutable_lease() = lease_on_wire(site.lab.leases().view(lease));
    return reply;
}

v1::BreakLeaseReply break_lease(const Site& site, const v1::BreakLeaseRequest& request,
                                const Call& call) {
    check_note(request.note());
    const std::string why = fmt::format("the lease was broken by {}{}{}", call.caller().name,
                                        request.note().empty() ? "" : ": ", request.note());
    v1::BreakLeaseReply reply;
    *reply.mutable_lease() = lease_on_wire(site.lab.break_lease(request.rig(), why));
    spdlog::warn("{} broke the lease of {} on {}{}{}", call.caller().name, reply.lease().holder(),
                 fmt::join(reply.lease().rigs(), ", "), request.note().empty() ? "" : ": ",
                 request.note());
    return reply;
}

} // namespace

double time_to_live_of(double asked) {
    if (asked == 0.0) {
        return usual_time_to_live;
    }
    if (!(asked >= shortest_time_to_live && asked <= longest_time_to_live)) {
        throw invalid_field("time_to_live",
                            fmt::format("{:g} s; valid is {:g} to {:g} s", asked,
                                        shortest_time_to_live, longest_time_to_live));
    }
    return asked;
}

void check_note(const std::string& note) {
    constexpr std::size_t longest_note = 1000;
    if (note.size() > longest_note) {
        throw invalid_field(
            "note", fmt::format("{} bytes; at most {} are kept", note.size(), longest_note));
    }
}

void add_leases_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.serve<v1::TakeLeaseRequest, v1::TakeLeaseReply>(
        "phyll.v1.Leases/Take",
        [&site](const v1::TakeLeaseRequest& request, const std::shared_ptr<Call>& call) {
            std::make_shared<Taking>(site, call)
                ->start(terms_of(site, request, *call), request.wait());
        });
    dispatcher.answer<v1::LeaseRequest, v1::LeaseReply>(
        "phyll.v1.Leases/Renew", [&site](const v1::LeaseRequest& request, const Call& call) {
            return renew(site, request, call);
        });
    dispatcher.answer<v1::LeaseRequest, v1::ReleaseLeaseReply>(
        "phyll.v1.Leases/Release", [&site](const v1::LeaseRequest& request, const Call& call) {
            site.lab.release(lease_with(site, request, call));
            return v1::ReleaseLeaseReply();
        });
    dispatcher.answer<v1::BreakLeaseRequest, v1::BreakLeaseReply>(
        "phyll.v1.Leases/Break", [&site](const v1::BreakLeaseRequest& request, const Call& call) {
            return break_lease(site, request, call);
        });
    dispatcher.answer<v1::ListLeasesRequest, v1::ListLeasesReply>(
        "phyll.v1.Leases/List", [&site](const v1::ListLeasesRequest&, const Call&) {
            v1::ListLeasesReply reply;
            for (const rig::LeaseView& lease : site.lab.leases().leases()) {
                *reply.add_leases() = lease_on_wire(lease);
            }
            return reply;
        });
}

} // namespace phyll::rpc
