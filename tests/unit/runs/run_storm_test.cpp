// Runs under everything that people, rigs and the lab can do to them, at random: they are never in
// a state that they must not be in, nobody who watches misses an event or hears one twice, and
// whoever finishes has learned what he would have learned undisturbed.

#include "daemon/runs/run_state.hpp"
#include "tests/support/nightly.hpp"
#include "tests/unit/runs/run_bench.hpp"
#include "tests/unit/runs/storm_client.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <optional>
#include <random>

using namespace phyll;
using namespace phyll::runs;
using test::RunBench;

namespace {

/// Watches runs, goes away now and then, and comes back with the number of the last event.
class Watching {
  public:
    Watching(RunBench& bench, std::set<std::uint64_t> runs)
        : bench_(bench), runs_(std::move(runs)) {
        come();
    }

    void leave_and_come() {
        if (!over_) {
            bench_.runs->watches().remove(id_);
            come();
        }
    }
    /// After a restart, with which every watch ended.
    void come() {
        id_ = bench_.runs->watches().add(runs_, last_,
                                         {.event =
                                              [this](std::uint64_t run, const v1::Event& event) {
                                                  REQUIRE(event.number() > last_);
                                                  last_ = event.number();
                                                  heard.push_back({run, event});
                                              },
                                          .progress = [](std::uint64_t, const v1::Progress&) {},
                                          .over = [this] { over_ = true; }});
    }
    [[nodiscard]] bool over() const { return over_; }

    std::vector<StoredEvent> heard;

  private:
    RunBench& bench_;
    std::set<std::uint64_t> runs_;
    Watches::Id id_ = 0;
    std::uint64_t last_ = 0;
    bool over_ = false;
};

class Storm {
  public:
    Storm(RunBench& bench, std::uint32_t seed) : bench_(bench), random_(seed) {
        if (draw(3) == 0) { // before others, so that there is something to lose
            client_.emplace(bench);
            jobs_.push_back({.run = client_->run()});
        }
        add({"a"});
        if (draw(3) == 0) {
            add({draw(2) == 0 ? "a" : "b", "b"});
        }
        std::set<std::uint64_t> all;
        for (const Job& job : jobs_) {
            watching_.push_back(std::make_unique<Watching>(bench, std::set{job.run}));
            all.insert(job.run);
        }
        watching_.push_back(std::make_unique<Watching>(bench, all)); // as of a group
    }

    struct Job {
        std::vector<std::string> rigs{}; ///< none: a client drives it
        std::size_t which = 0;
        std::uint64_t run = 0;
    };

    /// Things happen, and the daemon does something in between.
    void rage(int steps) {
        for (int i = 0; i < steps; ++i) {
            happen();
            let_client_go_on();
            for (std::size_t turns = draw(4); turns > 0; --turns) {
                bench_.loop.run_ready();
                std::this_thread::yield();
            }
        }
    }

    /// People let everything go on that waits for them, until all is over.
    void calm() {
        while (!std::ranges::all_of(watching_, [](const auto& watch) { return watch->over(); })) {
            for (const char* rig : {"a", "b"}) {
                bench_.faults[rig] = 0;
                free(rig);
            }
            for (const Job& job : jobs_) {
                const v1::RunInfo info = bench_.info(job.run);
                if (info.state() == v1::PAUSED || info.waits()) {
                    ask([&] { bench_.runs->resume(job.run); });
                }
            }
            let_client_go_on();
            take_from_client();
            bench_.loop.run_ready();
            std::this_thread::yield();
        }
    }

    /// How many succeeded. `learned` knows what each learns undisturbed.
    std::size_t check(const std::function<std::string(const Job&)>& learned) const {
        std::size_t succeeded = 0;
        for (std::size_t i = 0; i < jobs_.size(); ++i) {
            const v1::RunInfo info = bench_.info(jobs_[i].run);
            CAPTURE(info.run(), info.reason());
            REQUIRE((info.state() == v1::SUCCEEDED || info.state() == v1::RUN_CANCELLED));
            if (info.state() == v1::SUCCEEDED) {
                ++succeeded;
                const std::string& weights = info.result().weights_sha256();
                REQUIRE(weights == (jobs_[i].rigs.empty() ? "" : learned(jobs_[i])));
            }
            check_events(*watching_[i], {jobs_[i].run});
        }
        std::set<std::uint64_t> all;
        std::ranges::transform(jobs_, std::inserter(all, all.end()), &Job::run);
        check_events(*watching_.back(), all);
        REQUIRE(unanswered_ == 0);
        if (client_) {
            client_->check();
        }
        return succeeded;
    }

    std::size_t pauses = 0;
    std::size_t losses = 0;
    /// How often a client came back to its run.
    [[nodiscard]] std::size_t comebacks() const {
        return client_ ? std::max<std::size_t>(client_->opened(), 1) - 1 : 0;
    }

  private:
    void add(const std::vector<std::string>& rigs) {
        const std::size_t which = draw(2);
        jobs_.push_back({rigs, which, bench_.submit(rigs, which + 1, priority())});
    }
    void let_client_go_on() {
        if (client_) {
            client_->step();
        }
    }
    /// It has hardly begun when people let everything go on: it loses its run in the midst of it.
    void take_from_client() {
        // Once each time that it has it.
        if (client_ && client_->opened() > taken_ && client_->answered() > 2 * taken_) {
            taken_ = client_->opened();
            ask([&] { static_cast<void>(bench_.lab.break_lease("a", "broken by cleo")); });
        }
    }
    std::size_t draw(std::size_t below) { return random_() % below; }
    int priority() { return static_cast<int>(draw(3)); }
    std::uint64_t some_run() { return jobs_[draw(jobs_.size())].run; }
    std::string some_rig() { return draw(2) == 0 ? "a" : "b"; }

    template <class Ask>
    void ask(Ask what) {
        try {
            what();
        } catch (const Error& error) {
            INFO(error.what());
            REQUIRE(error.code() == Code::failed_precondition);
        }
    }

    void happen() {
        switch (draw(12)) {
        case 0:
        case 1:
        case 2:
            pause();
            break;
        case 3:
        case 4:
            ask([&] { bench_.runs->resume(some_run()); });
            break;
        case 5:
            if (draw(6) == 0) {
                ask([&] { bench_.runs->cancel(some_run()); });
            }
            break;
        case 6:
            take_away();
            break;
        case 7:
            free(some_rig());
            break;
        case 8:
            bench_.faults[some_rig()] = static_cast<int>(1 + draw(2));
            break;
        case 9:
            ask([&] { bench_.runs->prioritise(some_run(), priority(), "bert"); });
            break;
        case 10:
            watching_[draw(watching_.size())]->leave_and_come();
            break;
        default:
            if (draw(12) == 0) {
                bench_.restart();
                for (const auto& watch : watching_) {
                    watch->come();
                }
            }
        }
    }

    void pause() {
        ask([&] {
            ++unanswered_;
            try {
                bench_.runs->pause(some_run(), draw(3) == 0, "anna", [this](const auto& refusal) {
                    --unanswered_;
                    pauses += refusal ? 0 : 1;
                });
            } catch (...) {
                --unanswered_;
                throw;
            }
        });
    }

    void take_away() {
        const std::string rig = some_rig();
        losses += bench_.lab.holder(rig).empty() ? 0 : 1;
        ask([&] {
            switch (draw(3)) {
            case 0:
                bench_.stop_rig(rig);
                break;
            case 1:
                bench_.lab.disable(rig, "cleo", "fibre open", [] {});
                break;
            default:
                static_cast<void>(bench_.lab.break_lease(rig, "broken by cleo"));
            }
        });
    }

    void free(const std::string& rig) {
        ask([&] { bench_.lab.acknowledge(rig); });
        ask([&] { bench_.lab.enable(rig); });
    }

    /// Whoever watched has heard every event that there is, in order, once; epochs that happened
    /// again he has heard beside those.
    void check_events(const Watching& watching, const std::set<std::uint64_t>& runs) const {
        std::map<std::uint64_t, v1::RunState> states;
        std::set<std::uint64_t> numbers;
        for (const StoredEvent& heard : watching.heard) {
            numbers.insert(heard.event.number());
            if (!heard.event.has_state()) {
                continue;
            }
            const v1::RunState now = heard.event.state().state();
            const auto before = states.find(heard.run);
            REQUIRE((before == states.end() ? now == v1::QUEUED : may_go(before->second, now)));
            states[heard.run] = now;
        }
        REQUIRE(numbers.size() == watching.heard.size());
        for (const StoredEvent& stored : bench_.store.events(runs, 0, 1'000'000)) {
            REQUIRE(numbers.contains(stored.event.number()));
        }
    }

    RunBench& bench_;
    std::mt19937 random_;
    std::vector<Job> jobs_;
    std::optional<test::StormClient> client_;
    std::vector<std::unique_ptr<Watching>> watching_;
    int unanswered_ = 0;
    std::size_t taken_ = 0; ///< how often the client had opened its run when it lost it last
};

/// What undisturbed runs learn.
class Learned {
  public:
    std::string operator()(const Storm::Job& job) {
        std::string& weights = known_[{job.rigs, job.which}];
        if (weights.empty()) {
            RunBench bench;
            const std::uint64_t run = bench.submit(job.rigs, job.which + 1);
            bench.until_over(run);
            weights = bench.info(run).result().weights_sha256();
        }
        return weights;
    }

  private:
    std::map<std::pair<std::vector<std::string>, std::size_t>, std::string> known_;
};

/// A quarter of a thousand storms by night, fewer by day, each with its own seed.
void survive(std::uint32_t quarter) {
    Learned learned;
    const std::size_t storms = test::nightly() ? 50 : 8; // a lab
    std::size_t succeeded = 0;
    std::size_t pauses = 0;
    std::size_t losses = 0;
    std::size_t comebacks = 0;
    std::uint32_t seed = 250 * quarter;
    for (int lab = 0; lab < 5; ++lab) {
        RunBench bench;
        for (std::size_t i = 0; i < storms; ++i) {
            CAPTURE(++seed);
            Storm storm(bench, seed);
            storm.rage(20);
            storm.calm();
            succeeded += storm.check(std::ref(learned));
            pauses += storm.pauses;
            losses += storm.losses;
            comebacks += storm.comebacks();
        }
    }
    REQUIRE(succeeded > 4 * storms);
    REQUIRE(pauses > storms);
    REQUIRE(losses > storms);
    REQUIRE(comebacks > storms);
}

} // namespace

TEST_CASE("runs survive pauses, stops, faults and restarts at random, first quarter") {
    survive(0);
}
TEST_CASE("runs survive pauses, stops, faults and restarts at random, second quarter") {
    survive(1);
}
TEST_CASE("runs survive pauses, stops, faults and restarts at random, third quarter") {
    survive(2);
}
TEST_CASE("runs survive pauses, stops, faults and restarts at random, last quarter") {
    survive(3);
}
