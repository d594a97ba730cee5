#pragma once

#include "daemon/rig/lease.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace phyll::runs {

/// The life of one run: what is stored of it, whether its rigs are leased, whether a thread is at
/// work on it, and what was asked of that thread and is not done yet. It is told what happens and
/// says what is to be done about it, in order; it does nothing itself, and knows neither time nor
/// store nor threads.
///
///   the run is       | what happens                      | becomes              | what is done
///   -----------------|-----------------------------------|----------------------|----------------
///   queued           | enqueue                           |                      | gets in line
///                    | granted                           | running              | thread begins
///                    | could not start                   | failed               | lease ends
///                    | cancel                            | cancelled            | lease ends
///   running          | attempt succeeded, failed         | succeeded, failed    | lease ends
///                    | attempt: a person has to look     | held, waits          | lease ends
///                    | trouble began                     | held                 | pause is refused
///                    | pause; attempt paused             | paused               | with release:
///                    lease ends | attempt paused, nobody asks it to |                      |
///                    thread begins again | cancel; attempt stopped           | cancelled | lease
///                    ends | lease lost by an emergency stop   | held, waits, stopped | its place
///                    is kept | lease lost: rig disabled          | queued               | in line,
///                    same place | lease lost otherwise              | held, waits          | |
///                    lease lost while a pause is due   | paused, released     | | daemon stops;
///                    attempt stopped     | queued               | lease ends
///   held, at work    | trouble over                      | running              |
///                    | all else as running; pause is refused                    |
///   held, waits      | resume                            | queued               | gets in line
///                    | acknowledged, where stopped       | queued               | in line, same
///                    place | cancel                            | cancelled            |
///   paused           | resume, with its rigs             | running              | thread begins
///                    | resume, released                  | queued               | gets in line
///                    | pause with release                | paused, released     | lease ends
///                    | lease lost                        | paused, released     |
///                    | granted, after a restart          |                      | has its rigs
///                    again | cancel                            | cancelled            | lease ends
///
/// A thread whose lease is lost is stopped, and what the table says is said when it has ended; it
/// may end before the word of the loss comes. What was asked later goes before what was asked
/// earlier, but that a cancel stays one. An attempt that ends by itself ends as it did.
class RunControl {
  public:
    enum class Lease { none, waiting, held };

    /// Something to be done.
    struct Action {
        enum class What {
            store,              ///< `state`, with `text` as its reason, and the flags
            store_start,        ///< running, with what it is under
            store_interruption, ///< queued again, counted: the daemon stops
            get_in_line,        ///< for its rigs; `keep_place`: where it was
            end_lease,          ///< held or waiting
            start_thread,
            pause_thread,
            stop_thread,
            tell_paused,  ///< whoever asked for it
            refuse_pause, ///< the same; `text`: why
        };
        What what = What::store;
        v1::RunState state = v1::RUN_STATE_UNSPECIFIED;
        std::string text{};
        bool waits = false;    ///< held until a person resumes it
        bool stopped = false;  ///< held until its rigs are acknowledged, or as above
        bool released = false; ///< paused without its rigs
        bool keep_place = false;
    };
    /// Those that store come first: where that fails nothing was done.
    using Actions = std::vector<Action>;

    /// A run as it is stored, without lease and thread. One without rigs waits in line as well, for
    /// a processor, and gives that up when it is paused.
    explicit RunControl(const v1::RunInfo& stored);

    // What happens to it.

    /// A queued run is to be run, or a paused one gets its rigs back after a restart.
    [[nodiscard]] Actions enqueue();
    [[nodiscard]] Actions granted();
    /// `store_start` failed after `granted`; the state is as before that.
    [[nodiscard]] Actions could_not_start(const std::string& why);
    /// The thread has ended. `outcome` is SUCCEEDED, FAILED, HELD when a person has to look,
    /// PAUSED, or RUN_CANCELLED when it was stopped, for whatever reason.
    [[nodiscard]] Actions attempt_ended(v1::RunState outcome, const std::string& reason);
    /// The thread moved the run to held, and tries again; or back to running.
    [[nodiscard]] Actions trouble_began(const std::string& reason);
    [[nodiscard]] Actions trouble_over();
    [[nodiscard]] Actions lease_lost(rig::LeaseEnd how, const std::string& why);
    /// A person says that one of its rigs may be driven again after an emergency stop.
    [[nodiscard]] Actions acknowledged();
    [[nodiscard]] Actions daemon_stops();

    // What is asked. These throw FAILED_PRECONDITION saying what the run is and what would be
    // valid; nothing has changed then.

    /// `by` is who asks. A run that is paused already is not paused again, but may give up its
    /// rigs.
    [[nodiscard]] Actions pause(bool release, const std::string& by);
    [[nodiscard]] Actions resume();
    [[nodiscard]] Actions cancel();

    [[nodiscard]] v1::RunState state() const noexcept { return state_; }
    [[nodiscard]] bool waits() const noexcept { return waits_; }
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }
    [[nodiscard]] bool released() const noexcept { return released_; }
    /// A client drives it: it goes on only when that opens it again.
    [[nodiscard]] bool is_clients() const noexcept { return client_; }
    [[nodiscard]] Lease lease() const noexcept { return lease_; }
    /// A thread is at work on it.
    [[nodiscard]] bool working() const noexcept { return working_; }

  private:
    struct Pause {
        bool release = false;
        std::string by;
    };
    struct Loss {
        rig::LeaseEnd how = rig::LeaseEnd::stopped;
        std::string why;
    };
    using What = Action::What;

    /// Moves to a state; the action that stores it.
    Action move(v1::RunState state, const std::string& reason);
    Actions begin();
    Actions finish(v1::RunState state, const std::string& reason);
    Actions wait_for_person(const std::string& reason);
    Actions rest(const std::string& reason);
    /// The thread has ended because it had to.
    Actions halt();
    Actions without_rigs();
    Actions interrupt();
    Actions queue_again(const std::string& reason, bool keep_place);
    void give_up_lease(Actions& actions);
    void refuse_pause(Actions& actions, const std::string& why);
    /// "run 3 is held: the cable is out"
    [[nodiscard]] std::string in_words() const;
    [[nodiscard]] std::string why_no_pause() const;

    std::uint64_t run_;
    bool rigs_;
    bool client_;
    v1::RunState state_;
    std::string reason_;
    bool waits_;
    bool stopped_;
    bool released_;
    Lease lease_ = Lease::none;
    bool working_ = false;
    // Asked of the thread, and not done.
    std::optional<Pause> pause_;
    bool cancel_ = false;
    std::optional<Loss> loss_;
    bool daemon_stops_ = false;
};

} // namespace phyll::runs
