#include "daemon/rig/lab.hpp"
#include "tests/support/scripted_layer.hpp"
#include "tests/unit/rig/lab_bench.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using rig::Lab;
using rig::RigThread;
using test::LabBench;
using test::PostedTasks;
using test::ScriptedLayer;

namespace {

/// A query of the bench's rig that hangs until it is stopped.
std::shared_ptr<rig::Measurement> hanging_query(LabBench& bench, const Clock& clock) {
    auto begun = std::make_shared<std::atomic<bool>>(false);
    bench.script->answer = [&clock, begun](ConstBlock x, Block y, const QueryContext& context) {
        test::hang(clock, *begun)(x, y, context);
    };
    auto measurement = std::make_shared<rig::Measurement>();
    measurement->stimuli = OwnedBlock(2, 1);
    measurement->context.stop = bench.over;
    bench.lab.rig("r").measure(measurement, [] {});
    begun->wait(false);
    return measurement;
}

} // namespace

TEST_CASE("a lease that ends aborts the query, makes the rig safe and hands it on") {
    const ManualClock clock;
    LabBench bench(clock);
    const rig::LeaseId first = bench.wait_for("first");
    bench.run(1);
    const auto measurement = hanging_query(bench, clock);
    bench.wait_for("second");
    bench.lab.end(first);
    REQUIRE(bench.lab.holder("r").empty());
    bench.run(2);
    REQUIRE(bench.events == std::vector<std::string>{"first has it", "second has it"});
    REQUIRE(bench.script->made_safe == 2); // when built, and between the holders
    REQUIRE(bench.lab.holder("r") == "second");
    REQUIRE(measurement->failure);
}

TEST_CASE("a lease that is not renewed leaves the rig safe, at once when its time is over") {
    ManualClock clock;
    LabBench bench(clock);
    std::optional<Clock::Monotonic> wake;
    bench.lab.set_hooks(
        {.wake_at = [&](auto when) { wake = when; }, .keep_blocks = {}, .acknowledged = {}});
    bench.wait_for("anna", Seconds(5));
    bench.run(1);
    REQUIRE(wake == clock.now() + std::chrono::seconds(5));
    const auto measurement = hanging_query(bench, clock);
    REQUIRE(bench.lab.rig("r").status().driven);
    bench.wait_for("bert");
    clock.advance(Seconds(5));
    bench.lab.expire();
    REQUIRE(bench.over.stop_requested());
    REQUIRE_FALSE(wake);
    // No more time passes: what hangs ends by its stop token, and the next in line gets a safe rig.
    bench.run(3);
    REQUIRE(bench.events ==
            std::vector<std::string>{
                "anna has it", "anna: the lease was not renewed within its 5 s", "bert has it"});
    REQUIRE(measurement->failure);
    REQUIRE_FALSE(bench.lab.rig("r").status().driven);
}

TEST_CASE("what was asked under a lease that is over is not begun, however much of it waits") {
    const ManualClock clock;
    LabBench bench(clock);
    const rig::LeaseId lease = bench.wait_for("anna");
    bench.run(1);
    const auto first = hanging_query(bench, clock);
    std::vector<std::shared_ptr<rig::Measurement>> behind;
    for (int i = 0; i < 3; ++i) {
        behind.push_back(std::make_shared<rig::Measurement>());
        behind.back()->stimuli = OwnedBlock(2, 1);
        behind.back()->context.stop = bench.over;
        bench.lab.rig("r").measure(behind.back(), [] {});
    }
    rig::LeasedRig leased(bench.lab.rig("r"), bench.over);
    bench.wait_for("bert");
    bench.lab.end(lease);
    bench.run(2);
    REQUIRE(bench.script->queries == 1);
    for (const auto& measurement : behind) {
        REQUIRE(measurement->failure);
    }
    const OwnedBlock x(2, 1);
    OwnedBlock y(1, 1);
    REQUIRE_THROWS_WITH(leased.query(x.view(), y.view(), {}), "the lease on rig 'r' is over");
    REQUIRE_THROWS_WITH(leased.recover(Deadline::never(), {}), "the lease on rig 'r' is over");
    REQUIRE(bench.script->queries == 1);
    REQUIRE(bench.script->recovered == 0);
    REQUIRE(bench.script->made_safe == 2);
}

TEST_CASE("an emergency stop aborts whoever holds the rig, and answers when it is safe") {
    const ManualClock clock;
    LabBench bench(clock);
    std::vector<rig::RigBlock> kept;
    std::string acknowledged;
    bench.lab.set_hooks(
        {.wake_at = {},
         .keep_blocks = [&](const std::string&, const auto& blocks) { kept = blocks; },
         .acknowledged = [&](const std::string& rig) { acknowledged = rig; }});
    bench.wait_for("anna");
    bench.run(1);
    const auto measurement = hanging_query(bench, clock);
    bench.wait_for("bert");
    bench.lab.stop({"r"}, "cleo", "smoke", [&] { bench.events.emplace_back("stopped"); });
    REQUIRE(kept.size() == 1);
    bench.run(3);
    REQUIRE(bench.events == std::vector<std::string>{
                                "anna has it", "anna: r is stopped by cleo: smoke", "stopped"});
    REQUIRE(measurement->failure);
    REQUIRE_FALSE(bench.lab.rig("r").status().driven);
    REQUIRE(bench.lab.holder("r").empty());
    REQUIRE(acknowledged.empty());
    bench.lab.acknowledge("r");
    REQUIRE(acknowledged == "r");
    REQUIRE(kept.empty());
    bench.run(4);
    REQUIRE(bench.events.back() == "bert has it");
    REQUIRE_THROWS_WITH(bench.lab.acknowledge("r"), Catch::Contains("nothing to acknowledge"));
}

TEST_CASE("a rig that cannot be made safe is handed to nobody until a person acknowledges") {
    ManualClock clock;
    LabBench bench(clock);
    const rig::LeaseId lease = bench.wait_for("anna");
    bench.run(1);
    bench.script->safe = {.state = SafeState::State::unknown, .reason = "no answer"};
    bench.wait_for("bert");
    bench.lab.end(lease);
    bench.loop.run_one();
    REQUIRE(bench.lab.leases().blocks("r").size() == 1);
    REQUIRE(rig::in_words(bench.lab.leases().blocks("r")[0]) == "not known to be safe: no answer");
    // It is tried again, and then is safe; but nobody has looked.
    bench.script->safe = {};
    clock.await_waiters(1);
    clock.advance(Seconds(2));
    bench.loop.run_one();
    REQUIRE_FALSE(bench.lab.leases().settling("r"));
    REQUIRE(bench.lab.holder("r").empty());
    bench.lab.acknowledge("r");
    bench.run(2);
    REQUIRE(bench.events.back() == "bert has it");
}

TEST_CASE("a rig that is disabled is made safe, and is given to nobody until it is enabled") {
    const ManualClock clock;
    LabBench bench(clock);
    bench.wait_for("anna");
    bench.run(1);
    bench.wait_for("bert");
    bench.lab.disable("r", "cleo", "fibre open", [&] { bench.events.emplace_back("disabled"); });
    bench.run(3);
    REQUIRE(bench.events == std::vector<std::string>{"anna has it",
                                                     "anna: r is disabled by cleo: fibre open",
                                                     "disabled"});
    REQUIRE_THROWS_WITH(bench.lab.acknowledge("r"), Catch::Contains("nothing to acknowledge"));
    bench.lab.enable("r");
    bench.run(4);
    REQUIRE(bench.events.back() == "bert has it");
    REQUIRE_THROWS_WITH(bench.lab.enable("r"), "r is not disabled");
}

TEST_CASE("a simulation that a lease displaced is put back before the next in line gets it") {
    class Controls final : public rig::SimulationControls {
      public:
        double perturb(double fraction) override { return fraction_ = fraction; }
        [[nodiscard]] double perturbation() const override { return fraction_; }
        void inject(const v1::FaultConfig&) override {}

      private:
        double fraction_ = 0.25;
    };
    const ManualClock clock;
    PostedTasks loop;
    const auto script = std::make_shared<test::Script>();
    Lab lab(clock, loop.post());
    lab.add(std::make_unique<RigThread>(
        "r",
        [&]() -> rig::MadeRig {
            return {std::make_unique<ScriptedLayer>(script), std::make_unique<Controls>()};
        },
        clock, 0));
    std::stop_token over;
    std::vector<double> found; // by who gets the rig
    const auto wait_for = [&](const std::string& holder) {
        return lab.wait_for({.rigs = {"r"}, .holder = holder},
                            {.granted =
                                 [&](const rig::Grant& grant) {
                                     over = grant.over;
                                     found.push_back(lab.rig("r").perturbation());
                                 },
                             .lost = {}});
    };
    const auto run = [&](std::size_t grants) {
        while (found.size() < grants) {
            loop.run_one();
        }
    };
    const rig::LeaseId first = wait_for("anna");
    run(1);
    const std::stop_token annas_over = over;
    rig::LeasedRig annas(lab.rig("r"), annas_over);
    annas.displace(0.5);
    REQUIRE(lab.rig("r").perturbation() == 0.5);
    wait_for("bert");
    if (GENERATE(false, true)) {
        lab.end(first);
    } else {
        static_cast<void>(lab.break_lease("r", "he has gone home"));
    }
    run(2);
    REQUIRE(found == std::vector<double>{0.25, 0.25});
    // What the first holder's thread comes to only now changes nothing for the second.
    rig::LeasedRig(lab.rig("r"), over).displace(0.125);
    annas.put_back();
    annas.displace(0.5);
    // Nor what was on its way to the rig already.
    lab.rig("r").put_back(annas_over);
    lab.rig("r").displace(0.5, annas_over);
    REQUIRE(lab.rig("r").perturbation() == 0.125);
}

TEST_CASE("a rig that is not known names those that are") {
    SystemClock clock;
    PostedTasks loop;
    Lab lab(clock, loop.post());
    REQUIRE_THROWS_WITH(lab.rig("x"), "no rig is named 'x'; there is none");
    const auto script = std::make_shared<test::Script>();
    lab.add(std::make_unique<RigThread>(
        "cavity", [&] { return std::make_unique<ScriptedLayer>(script); }, clock, 0));
    REQUIRE_THROWS_WITH(lab.rig("x"), "no rig is named 'x'; there are: cavity");
}
