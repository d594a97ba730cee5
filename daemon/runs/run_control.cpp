#include "daemon/runs/run_control.hpp"

#include "daemon/runs/run_state.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace phyll::runs {

RunControl::RunControl(const v1::RunInfo& stored)
    : run_(stored.run()),
      rigs_(stored.replay_of() == 0 && !stored.rigs().empty()),
      client_(stored.kind() == v1::CLIENT),
      state_(stored.state()),
      reason_(stored.reason()),
      waits_(stored.waits()),
      stopped_(stored.stopped()),
      released_(stored.released()) {}

// ---- What happens to it

RunControl::Actions RunControl::enqueue() {
    lease_ = Lease::waiting;
    return {{.what = What::get_in_line}};
}

RunControl::Actions RunControl::granted() {
    if (lease_ != Lease::waiting) {
        return {};
    }
    lease_ = Lease::held;
    return state_ == v1::QUEUED ? begin() : Actions();
}

RunControl::Actions RunControl::could_not_start(const std::string& why) {
    return finish(v1::FAILED, fmt::format("could not be started: {}", why));
}

RunControl::Actions RunControl::attempt_ended(v1::RunState outcome, const std::string& reason) {
    working_ = false;
    if (outcome == v1::SUCCEEDED || outcome == v1::FAILED) {
        return finish(outcome, reason);
    }
    if (cancel_) {
        return finish(v1::RUN_CANCELLED, "cancelled while it was running");
    }
    if (outcome == v1::HELD) {
        return wait_for_person(fmt::format("{}; look, then phyllctl run resume {}", reason, run_));
    }
    if (outcome == v1::PAUSED && !loss_ && pause_) {
        return rest(reason);
    }
    if (outcome == v1::PAUSED && !loss_ && !daemon_stops_ && client_) {
        // Another attempt would begin at the checkpoint, behind its client's back.
        return wait_for_person("it was about to be paused when that was refused; its client goes "
                               "on by opening it again");
    }
    if (outcome == v1::PAUSED && !loss_ && !daemon_stops_) {
        working_ = true; // the pause was refused, and the thread had heard of it
        return {{.what = What::start_thread}};
    }
    return halt();
}

RunControl::Actions RunControl::trouble_began(const std::string& reason) {
    state_ = v1::HELD;
    reason_ = reason;
    Actions actions;
    refuse_pause(actions, in_words() + "; it tries again by itself, and can be paused after that");
    return actions;
}

RunControl::Actions RunControl::trouble_over() {
    state_ = v1::RUNNING;
    reason_.clear();
    return {};
}

RunControl::Actions RunControl::lease_lost(rig::LeaseEnd how, const std::string& why) {
    lease_ = Lease::none;
    if (working_) {
        loss_ = {how, why};
        return {{.what = What::stop_thread}};
    }
    if (state_ == v1::PAUSED) {
        Action store = move(v1::PAUSED, fmt::format("its rigs were taken from it: {}", why));
        store.released = released_ = true;
        return {store};
    }
    if (state_ == v1::RUNNING || (state_ == v1::HELD && !waits_)) {
        loss_ = {how, why}; // the thread has ended for it
        return halt();
    }
    return {};
}

RunControl::Actions RunControl::acknowledged() {
    if (state_ != v1::HELD || !stopped_ || daemon_stops_) {
        return {};
    }
    return queue_again("its rigs may be driven again", true);
}

RunControl::Actions RunControl::daemon_stops() {
    daemon_stops_ = true;
    if (working_) {
        return {{.what = What::stop_thread}};
    }
    if (state_ == v1::RUNNING || (state_ == v1::HELD && !waits_)) {
        return interrupt();
    }
    Actions actions;
    give_up_lease(actions);
    return actions;
}

// ---- What is asked

RunControl::Actions RunControl::pause(bool release, const std::string& by) {
    if (state_ == v1::PAUSED) {
        Actions actions;
        if (release && lease_ != Lease::none) {
            Action store = move(v1::PAUSED, fmt::format("gave up its rigs for {}", by));
            store.released = released_ = rigs_;
            actions.push_back(store);
            give_up_lease(actions);
        }
        actions.push_back({.what = What::tell_paused});
        return actions;
    }
    if (const std::string why = why_no_pause(); !why.empty()) {
        throw Error(Code::failed_precondition, why);
    }
    pause_ = {.release = release || (pause_ && pause_->release), .by = by};
    return {{.what = What::pause_thread}};
}

RunControl::Actions RunControl::resume() {
    if (state_ == v1::PAUSED && lease_ == Lease::held) {
        return begin();
    }
    if (state_ == v1::PAUSED && lease_ == Lease::waiting) {
        return {move(v1::QUEUED, "resumed")}; // after a restart, while its rigs are made safe
    }
    if (state_ == v1::PAUSED || (state_ == v1::HELD && waits_)) {
        return queue_again("resumed", stopped_);
    }
    if (pause_ && !cancel_ && !loss_ && !daemon_stops_) {
        Actions actions;
        refuse_pause(actions, fmt::format("run {} was resumed before it was paused", run_));
        return actions;
    }
    throw Error(Code::failed_precondition,
                fmt::format("{}{}; only a run that is paused, or waits for a person, can be "
                            "resumed",
                            in_words(), state_ == v1::HELD ? ", and tries again by itself" : ""));
}

RunControl::Actions RunControl::cancel() {
    if (is_final(state_)) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {} is over: {}; there is nothing left to cancel", run_,
                                name_of(state_)));
    }
    if (!working_) {
        const std::string_view what = state_ == v1::QUEUED ? "waiting" : name_of(state_);
        return finish(v1::RUN_CANCELLED, fmt::format("cancelled while it was {}", what));
    }
    cancel_ = true;
    Actions actions{{.what = What::stop_thread}};
    refuse_pause(actions, fmt::format("run {} was cancelled before it was paused", run_));
    return actions;
}

// ---- Steps

RunControl::Action RunControl::move(v1::RunState state, const std::string& reason) {
    state_ = state;
    reason_ = reason;
    waits_ = stopped_ = released_ = false;
    return {.what = What::store, .state = state, .text = reason};
}

RunControl::Actions RunControl::begin() {
    static_cast<void>(move(v1::RUNNING, ""));
    working_ = true;
    return {{.what = What::store_start}, {.what = What::start_thread}};
}

RunControl::Actions RunControl::finish(v1::RunState state, const std::string& reason) {
    Actions actions{move(state, reason)};
    give_up_lease(actions);
    loss_.reset();
    refuse_pause(actions,
                 fmt::format("run {} is over before it was paused: {}", run_, name_of(state)));
    return actions;
}

RunControl::Actions RunControl::wait_for_person(const std::string& reason) {
    Action store = move(v1::HELD, reason);
    store.waits = waits_ = true;
    Actions actions{store};
    give_up_lease(actions);
    loss_.reset();
    refuse_pause(actions, in_words());
    return actions;
}

RunControl::Actions RunControl::rest(const std::string& reason) {
    Action store = move(v1::PAUSED, fmt::format("paused by {}{}{}", pause_->by,
                                                reason.empty() ? "" : "; ", reason));
    store.released = released_ = pause_->release && rigs_;
    Actions actions{store};
    if (released_ || !rigs_ || daemon_stops_) {
        give_up_lease(actions);
    }
    pause_.reset();
    actions.push_back({.what = What::tell_paused});
    return actions;
}

RunControl::Actions RunControl::halt() {
    if (loss_) {
        return without_rigs();
    }
    if (daemon_stops_) {
        return interrupt();
    }
    return {}; // its lease has ended: the word of why is on its way
}

RunControl::Actions RunControl::without_rigs() {
    const Loss loss = *std::exchange(loss_, std::nullopt);
    if (pause_) {
        Action store = move(v1::PAUSED, fmt::format("paused by {}; its rigs were taken from it: {}",
                                                    pause_->by, loss.why));
        store.released = released_ = true;
        pause_.reset();
        return {store, {.what = What::tell_paused}};
    }
    if (client_) {
        return wait_for_person(fmt::format("{}; its client goes on by opening it again", loss.why));
    }
    if (loss.how == rig::LeaseEnd::disabled) {
        return queue_again(loss.why, true);
    }
    if (loss.how != rig::LeaseEnd::stopped) {
        return wait_for_person(
            fmt::format("its rigs were taken from it: {}; phyllctl run resume {} lets it go on",
                        loss.why, run_));
    }
    Actions actions = wait_for_person(fmt::format(
        "emergency stop: {}; it goes on once its rigs are acknowledged (phyllctl rig acknowledge)",
        loss.why));
    actions.front().stopped = stopped_ = true;
    return actions;
}

RunControl::Actions RunControl::interrupt() {
    static_cast<void>(move(v1::QUEUED, ""));
    Actions actions{{.what = What::store_interruption}};
    give_up_lease(actions);
    refuse_pause(actions, fmt::format("phylld was stopped before run {} was paused", run_));
    return actions;
}

RunControl::Actions RunControl::queue_again(const std::string& reason, bool keep_place) {
    Actions actions{move(v1::QUEUED, reason)};
    if (!daemon_stops_) {
        lease_ = Lease::waiting;
        actions.push_back({.what = What::get_in_line, .keep_place = keep_place});
    }
    return actions;
}

void RunControl::give_up_lease(Actions& actions) {
    if (lease_ != Lease::none) {
        lease_ = Lease::none;
        actions.push_back({.what = What::end_lease});
    }
}

void RunControl::refuse_pause(Actions& actions, const std::string& why) {
    if (pause_) {
        pause_.reset();
        actions.push_back({.what = What::refuse_pause, .text = why});
    }
}

// ---- Words

std::string RunControl::in_words() const {
    return fmt::format("run {} is {}{}{}", run_, name_of(state_), reason_.empty() ? "" : ": ",
                       reason_);
}

std::string RunControl::why_no_pause() const {
    if (is_final(state_)) {
        return fmt::format("run {} is over: {}; there is nothing left to pause", run_,
                           name_of(state_));
    }
    if (state_ == v1::RUNNING && cancel_) {
        return fmt::format("run {} is being cancelled; there is nothing left to pause", run_);
    }
    if (state_ == v1::RUNNING && (loss_ || !working_)) {
        return fmt::format("run {} has just lost its rigs{}{}; look again in a moment", run_,
                           loss_ ? ": " : "", loss_ ? loss_->why : "");
    }
    if (state_ == v1::RUNNING && daemon_stops_) {
        return fmt::format("run {} is being stopped with phylld", run_);
    }
    return state_ == v1::RUNNING ? std::string()
                                 : in_words() + "; only a run that is running can be paused";
}

} // namespace phyll::runs
