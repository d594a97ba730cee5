#include "daemon/rpc/services/turn.hpp"

#include "daemon/rpc/services/desk.hpp"
#include "drivers/core/text.hpp"

#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <utility>

namespace phyll::rpc {

Turn::Turn(const Site& site, std::set<std::string> rigs, std::shared_ptr<Call> call, Begin begin,
           Finish finish)
    : site_(site),
      rigs_(std::move(rigs)),
      call_(std::move(call)),
      begin_(std::move(begin)),
      finish_(std::move(finish)) {}

void Turn::start(const char* what, bool wait) {
    const std::string token = lease_of(*call_);
    if (token.empty() || rigs_.empty()) {
        take_rigs(what, wait);
        return;
    }
    std::stop_token over;
    for (const std::string& rig : rigs_) {
        over = site_.lab.leases().use(token, rig).over; // of the one lease that covers all
    }
    begin(over);
}

void Turn::take_rigs(const char* what, bool wait) {
    rig::LeaseTerms terms{.rigs = rigs_,
                          .holder = fmt::format("{} by {}", what, call_->caller().name)};
    rig::LeaseEvents events{
        .granted = [self =
                        shared_from_this()](const rig::Grant& grant) { self->begin(grant.over); },
        .lost = [self = shared_from_this()](rig::LeaseEnd,
                                            const std::string& why) { self->lost_ = why; }};
    own_lease_ = wait ? site_.lab.wait_for(std::move(terms), std::move(events))
                      : site_.lab.take(std::move(terms), std::move(events));
    // A client that gives up while it waits leaves the line.
    given_up_.emplace(call_->stop_token(), [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            boost::asio::post(self->site_.loop, [self] { self->give_up(); });
        }
    });
}

void Turn::begin(const std::stop_token& over) {
    if (call_->over()) {
        site_.lab.end(own_lease_);
        return;
    }
    begun_ = true;
    over_ = over;
    stop_.emplace(call_->stop_token(), over);
    begin_(stop_->token(), [self = shared_from_this()](std::exception_ptr failure) {
        boost::asio::post(self->site_.loop,
                          [self, failure = std::move(failure)] { self->done(failure); });
    });
}

void Turn::done(const std::exception_ptr& failure) {
    const bool lost = over_.stop_requested(); // before it ends by itself
    if (own_lease_ != 0) {
        site_.lab.end(own_lease_);
    }
    try {
        if (failure && lost) {
            throw lease_ended();
        }
        if (failure) {
            std::rethrow_exception(failure);
        }
        finish_();
    } catch (...) {
        fail(*call_, std::current_exception());
    }
    given_up_.reset();
    stop_.reset();
}

void Turn::give_up() {
    if (!begun_) {
        site_.lab.end(own_lease_);
    }
}

Error Turn::lease_ended() const {
    if (own_lease_ != 0) {
        return {Code::aborted, fmt::format("{}; what was under way was aborted", lost_)};
    }
    return lease_end(site_, *call_);
}

Error lease_end(const Site& site, const Call& call) {
    try {
        static_cast<void>(site.lab.leases().find(lease_of(call)));
    } catch (const Error& error) {
        return error;
    }
    return {Code::aborted, "the lease is over"};
}

void require_driver(const rig::RigThread& rig) {
    if (rig.given_up()) {
        throw Error(Code::unavailable,
                    fmt::format("rig {} cannot be used: {}", in_quotes(rig.name()),
                                rig.status().health.reason));
    }
}

} // namespace phyll::rpc
