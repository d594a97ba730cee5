#include "daemon/runs/run_control.hpp"
#include "daemon/runs/run_state.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace phyll;
using namespace phyll::runs;
using Catch::Matchers::Contains;
using rig::LeaseEnd;
using What = RunControl::Action::What;
using Lease = RunControl::Lease;

namespace {

v1::RunInfo stored(v1::RunState state = v1::QUEUED) {
    v1::RunInfo info;
    info.set_run(3);
    info.add_rigs(std::string("r"));
    info.set_state(state);
    return info;
}

/// What a run's control is part of: the store, the lab, the thread. All do what they are told, and
/// complain about what must not be asked of them.
class World {
  public:
    explicit World(const v1::RunInfo& info = stored()) : control(info), state(info.state()) {}

    void obey(const RunControl::Actions& actions) {
        for (const RunControl::Action& action : actions) {
            what.push_back(action.what);
            obey(action);
        }
        check();
    }

    void enqueue() { obey(control.enqueue()); }
    void grant() {
        lease = Lease::held;
        obey(control.granted());
    }
    void start() {
        enqueue();
        grant();
    }
    void lose(LeaseEnd how) {
        lease = Lease::none;
        over = true;
        obey(control.lease_lost(how, "smoke"));
    }
    void end(v1::RunState outcome) {
        thread = told_to_pause = told_to_stop = false;
        obey(control.attempt_ended(outcome, "so it was"));
    }
    void hold() {
        store(v1::HELD, false);
        obey(control.trouble_began("the cable is out"));
    }
    void go_on() {
        store(v1::RUNNING, false);
        obey(control.trouble_over());
    }

    RunControl control;
    v1::RunState state;
    bool waits = false;
    Lease lease = Lease::none;
    bool over = false; ///< the lease that the thread has
    bool thread = false;
    bool told_to_pause = false;
    bool told_to_stop = false;
    bool phylld_stops = false;
    bool asked_for_pause = false; ///< and not answered
    bool kept_place = false;      ///< when it got in line last
    std::vector<What> what;
    std::string text; ///< of the last refusal

  private:
    void store(v1::RunState to, bool waiting) {
        INFO(name_of(state) << " -> " << name_of(to));
        REQUIRE(may_go(state, to));
        state = to;
        waits = waiting;
    }
    void obey(const RunControl::Action& action) {
        switch (action.what) {
        case What::store:
            store(action.state, action.waits);
            break;
        case What::store_start:
            store(v1::RUNNING, false);
            break;
        case What::store_interruption:
            store(v1::QUEUED, false);
            break;
        case What::get_in_line:
            REQUIRE(lease == Lease::none);
            lease = Lease::waiting;
            kept_place = action.keep_place;
            break;
        case What::end_lease:
            REQUIRE(lease != Lease::none);
            REQUIRE_FALSE(thread);
            lease = Lease::none;
            break;
        case What::start_thread:
            REQUIRE_FALSE(thread);
            REQUIRE(lease == Lease::held);
            REQUIRE(state == v1::RUNNING);
            thread = true;
            over = false;
            break;
        case What::pause_thread:
            REQUIRE(thread);
            told_to_pause = true;
            break;
        case What::stop_thread:
            REQUIRE(thread);
            told_to_stop = true;
            break;
        case What::tell_paused:
            REQUIRE(state == v1::PAUSED);
            asked_for_pause = false;
            break;
        case What::refuse_pause:
            asked_for_pause = false;
            text = action.text;
            break;
        }
    }
    void check() const {
        REQUIRE(control.state() == state);
        REQUIRE(control.waits() == waits);
        REQUIRE(control.lease() == lease);
        REQUIRE(control.working() == thread);
        if (thread) {
            REQUIRE((lease == Lease::held || told_to_stop));
            REQUIRE((state == v1::RUNNING || state == v1::HELD));
        }
        if (is_final(state) || (state == v1::HELD && waits)) {
            REQUIRE(lease == Lease::none);
            REQUIRE_FALSE(thread);
        }
        if (state == v1::PAUSED && lease == Lease::none) {
            REQUIRE((control.released() || phylld_stops));
        }
        if (control.released()) {
            REQUIRE(state == v1::PAUSED);
            REQUIRE(lease == Lease::none);
        }
        if (!thread) {
            REQUIRE_FALSE(told_to_stop);
        }
    }
};

/// Something happens to a world, as it may.
class Chance {
  public:
    explicit Chance(std::uint32_t seed) : random_(seed) {}

    /// What people do at any time, and what rigs, lab and thread do when they can.
    void happen(World& world) {
        switch (draw(14)) {
        case 0:
        case 1:
            ask(world, [&] { return world.control.pause(draw(2) == 0, "anna"); }, true);
            break;
        case 2:
        case 3:
            ask(world, [&] { return world.control.resume(); });
            break;
        case 4:
            if (draw(8) == 0) {
                ask(world, [&] { return world.control.cancel(); });
            }
            break;
        case 5:
            if (world.lease == Lease::held) {
                world.lose(static_cast<LeaseEnd>(draw(4)));
            }
            break;
        case 6:
            world.obey(world.control.acknowledged());
            break;
        case 7:
            if (world.thread && world.state == v1::RUNNING) {
                world.hold();
            }
            break;
        case 8:
            if (world.thread && world.state == v1::HELD) {
                world.go_on();
            }
            break;
        case 9:
            if (draw(40) == 0 && world.thread) {
                world.end(draw(2) == 0 ? v1::FAILED : v1::HELD);
            }
            break;
        case 10:
        case 11:
            if (world.lease == Lease::waiting) {
                world.grant();
            }
            break;
        default:
            let_thread_go_on(world);
        }
    }

    std::size_t draw(std::size_t below) { return random_() % below; }

  private:
    /// It does what it was told, some time.
    void let_thread_go_on(World& world) {
        if (!world.thread) {
            return;
        }
        if (world.told_to_stop || world.over) {
            const bool was_pausing = world.told_to_pause && world.state == v1::RUNNING;
            world.end(was_pausing && draw(2) == 0 ? v1::PAUSED : v1::RUN_CANCELLED);
        } else if (world.told_to_pause && world.state == v1::RUNNING) {
            world.end(v1::PAUSED);
        } else if (world.state == v1::RUNNING && draw(12) == 0) {
            world.end(v1::SUCCEEDED);
        }
    }

    template <class Ask>
    static void ask(World& world, Ask what, bool is_pause = false) {
        const RunControl before = world.control;
        RunControl::Actions actions;
        try {
            actions = what();
        } catch (const Error& error) {
            REQUIRE(error.code() == Code::failed_precondition);
            REQUIRE(before.state() == world.control.state());
            REQUIRE(before.working() == world.control.working());
            return;
        }
        if (is_pause) {
            world.asked_for_pause = true;
        }
        world.obey(actions);
    }

    std::mt19937 random_;
};

} // namespace

TEST_CASE("runs go only where they may, whatever happens to them, and can always be ended") {
    std::size_t ends = 0;
    std::size_t pauses = 0;
    for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
        CAPTURE(seed);
        World world;
        Chance chance(seed);
        world.enqueue();
        for (int i = 0; i < 60 && !is_final(world.state); ++i) {
            chance.happen(world);
            pauses += world.state == v1::PAUSED ? 1 : 0;
        }
        if (chance.draw(2) == 0) {
            world.phylld_stops = true;
            world.obey(world.control.daemon_stops());
            if (world.thread) {
                world.end(v1::RUN_CANCELLED);
            }
            REQUIRE_FALSE(world.thread);
            REQUIRE(world.lease == Lease::none);
            REQUIRE(world.state != v1::RUNNING); // it goes on when phylld is back
        }
        if (!is_final(world.state)) {
            world.obey(world.control.cancel());
            if (world.thread) {
                world.end(v1::RUN_CANCELLED);
            }
        }
        REQUIRE(is_final(world.state));
        REQUIRE_FALSE(world.asked_for_pause); // whoever asked was answered
        ends += world.state == v1::SUCCEEDED ? 1 : 0;
    }
    REQUIRE(ends > 100);
    REQUIRE(pauses > 1000);
}

TEST_CASE("a pause is asked of the thread, and the run is paused when it has ended") {
    World world;
    world.start();
    const bool release = GENERATE(false, true);
    world.obey(world.control.pause(release, "anna"));
    REQUIRE(world.what.back() == What::pause_thread);
    world.end(v1::PAUSED);
    REQUIRE(world.state == v1::PAUSED);
    REQUIRE(world.control.released() == release);
    REQUIRE(world.lease == (release ? Lease::none : Lease::held));
    REQUIRE(world.what.back() == What::tell_paused);
    SECTION("resume") {
        world.obey(world.control.resume());
        REQUIRE(world.state == (release ? v1::QUEUED : v1::RUNNING));
        REQUIRE(world.thread == !release);
    }
    SECTION("a second pause may take the rigs from it") {
        world.obey(world.control.pause(true, "anna"));
        REQUIRE(world.what.back() == What::tell_paused);
        REQUIRE(world.control.released());
    }
    SECTION("it may lose its rigs") {
        if (!release) {
            world.lose(LeaseEnd::disabled);
        }
        REQUIRE(world.state == v1::PAUSED);
        REQUIRE(world.control.released());
    }
}

TEST_CASE("a pause that comes too late is refused and leaves nothing behind") {
    World world;
    world.start();
    world.obey(world.control.pause(false, "anna"));
    world.asked_for_pause = true;
    SECTION("the run is over") {
        world.end(v1::SUCCEEDED);
        REQUIRE(world.state == v1::SUCCEEDED);
        REQUIRE_THAT(world.text, Contains("run 3 is over"));
    }
    SECTION("a fault holds it") {
        world.hold();
        REQUIRE_THAT(world.text, Contains("run 3 is held: the cable is out"));
        world.go_on();
        world.end(v1::PAUSED); // the thread had heard of it
        REQUIRE(world.state == v1::RUNNING);
        REQUIRE(world.thread);
    }
    SECTION("it is resumed") {
        world.obey(world.control.resume());
        world.end(v1::PAUSED);
        REQUIRE(world.thread);
    }
    SECTION("it is cancelled") {
        world.obey(world.control.cancel());
        world.end(v1::PAUSED);
        REQUIRE(world.state == v1::RUN_CANCELLED);
    }
    REQUIRE_FALSE(world.asked_for_pause);
}

TEST_CASE("a client's run whose pause was refused too late waits for its client") {
    v1::RunInfo info = stored();
    info.set_kind(v1::CLIENT);
    World world(info);
    world.start();
    world.obey(world.control.pause(false, "anna"));
    world.asked_for_pause = true;
    world.hold();
    world.go_on();
    world.end(v1::PAUSED); // its thread had heard of the pause
    REQUIRE(world.state == v1::HELD);
    REQUIRE(world.waits);
    REQUIRE_FALSE(world.thread);
    REQUIRE(world.lease == Lease::none);
    world.obey(world.control.resume()); // it is opened again
    REQUIRE(world.state == v1::QUEUED);
    world.grant();
    REQUIRE(world.thread);
}

TEST_CASE("what a run does without its rigs depends on who took them") {
    World world;
    world.start();
    const bool held = GENERATE(false, true);
    if (held) {
        world.hold();
    }
    SECTION("an emergency stop: it waits until they are acknowledged, and keeps its place") {
        world.lose(LeaseEnd::stopped);
        REQUIRE(world.what.back() == What::stop_thread);
        REQUIRE_THROWS_WITH(world.control.pause(false, "anna"),
                            Contains("smoke") || Contains("held"));
        world.end(v1::RUN_CANCELLED);
        REQUIRE(world.state == v1::HELD);
        REQUIRE(world.waits);
        REQUIRE(world.control.stopped());
        world.obey(world.control.acknowledged());
        REQUIRE(world.state == v1::QUEUED);
        REQUIRE(world.kept_place);
    }
    SECTION("a tag-out: it is queued, and keeps its place") {
        world.lose(LeaseEnd::disabled);
        world.end(v1::RUN_CANCELLED);
        REQUIRE(world.state == v1::QUEUED);
        REQUIRE(world.lease == Lease::waiting);
        REQUIRE(world.kept_place);
    }
    SECTION("somebody broke the lease: a person decides, and it comes last") {
        world.lose(LeaseEnd::broken);
        world.end(v1::RUN_CANCELLED);
        REQUIRE(world.state == v1::HELD);
        REQUIRE(world.waits);
        world.obey(world.control.acknowledged());
        REQUIRE(world.state == v1::HELD);
        world.obey(world.control.resume());
        REQUIRE(world.state == v1::QUEUED);
        REQUIRE_FALSE(world.kept_place);
    }
    SECTION("the thread ends before the word of it comes") {
        world.end(v1::RUN_CANCELLED);
        REQUIRE(world.state == (held ? v1::HELD : v1::RUNNING));
        world.lose(LeaseEnd::stopped);
        REQUIRE(world.control.stopped());
    }
    SECTION("it succeeds nevertheless") {
        if (!held) {
            world.lose(LeaseEnd::stopped);
            world.end(v1::SUCCEEDED);
            REQUIRE(world.state == v1::SUCCEEDED);
        }
    }
}

TEST_CASE("requests that cannot be met say what the run is") {
    const auto refuses = [](v1::RunState state, auto ask, const std::string& words) {
        v1::RunInfo info = stored(state);
        info.set_reason("the cable is out");
        RunControl control(info);
        try {
            ask(control);
            FAIL(words);
        } catch (const Error& error) {
            REQUIRE(error.code() == Code::failed_precondition);
            REQUIRE_THAT(error.what(), Contains(words));
        }
        REQUIRE(control.state() == state);
    };
    const auto pause = [](RunControl& control) { static_cast<void>(control.pause(false, "anna")); };
    const auto resume = [](RunControl& control) { static_cast<void>(control.resume()); };
    const auto cancel = [](RunControl& control) { static_cast<void>(control.cancel()); };
    refuses(v1::QUEUED, pause, "run 3 is queued: the cable is out; only a run that is running");
    refuses(v1::HELD, pause, "run 3 is held: the cable is out");
    refuses(v1::SUCCEEDED, pause, "run 3 is over: succeeded; there is nothing left to pause");
    refuses(v1::HELD, resume, "tries again by itself");
    refuses(v1::QUEUED, resume, "only a run that is paused, or waits for a person");
    refuses(v1::FAILED, cancel, "run 3 is over: failed; there is nothing left to cancel");
}

TEST_CASE("a run that was paused when phylld went away has its rigs back before it goes on") {
    World world(stored(v1::PAUSED));
    world.enqueue();
    SECTION("resumed after that") {
        world.grant();
        REQUIRE(world.state == v1::PAUSED);
        world.obey(world.control.resume());
    }
    SECTION("resumed before") {
        world.obey(world.control.resume());
        REQUIRE(world.state == v1::QUEUED);
        world.grant();
    }
    REQUIRE(world.state == v1::RUNNING);
    REQUIRE(world.thread);
}

TEST_CASE("when phylld stops, a pause that is due is still one, and everything else is queued") {
    World world;
    world.start();
    const v1::RunState outcome = GENERATE(v1::PAUSED, v1::RUN_CANCELLED);
    world.obey(world.control.pause(false, "anna"));
    world.phylld_stops = true;
    world.obey(world.control.daemon_stops());
    world.end(outcome);
    REQUIRE(world.state == (outcome == v1::PAUSED ? v1::PAUSED : v1::QUEUED));
    REQUIRE(world.lease == Lease::none);
    REQUIRE_FALSE(world.control.released());
}
