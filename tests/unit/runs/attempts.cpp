#include "tests/unit/runs/attempts.hpp"

#include "daemon/config/load.hpp"
#include "drivers/core/guard.hpp"
#include "drivers/core/random.hpp"
#include "tests/support/scheme_options.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace phyll::test {
namespace {

constexpr double noise = 0.02;
constexpr double drift = 1e-5; // per sample

} // namespace

Attempts::Attempts(const std::string& more, const std::string& tables)
    : spec(config::load_run_spec("seed = 1\n[data]\nkind = \"vowels\"\ntraining_samples = 35\n"
                                 "test_samples = 35\n" +
                                     tables +
                                     "\n[checkpoints]\nleast_seconds = 0\n[training]\nepochs = 4\n"
                                     "batch = 12\n" +
                                     more +
                                     "\n[[layers]]\nrig = \"r\"\nskip = true\n[[layers]]\nrig = "
                                     "\"r\"\n",
                                 "run.toml", {}, test::SchemeOptions())) {
    v1::RigConditions& rig = *conditions.add_rigs();
    rig.set_rig("r");
    rig.set_age(100);
    rig.set_configuration_sha256("r as it is configured");
}

std::uint64_t Attempts::submit() {
    v1::RunInfo info;
    info.set_submitted(1);
    info.add_rigs("r");
    info.set_replay_of(replay_of);
    return store.add_run(info, spec, "");
}

void Attempts::interrupt(std::uint64_t run) {
    store.interrupted(run, "gone", 2, 0);
}

std::unique_ptr<PhysicalLayer> Attempts::make_rig(std::vector<sim::FaultPlan> faults) {
    const auto script = std::make_shared<Script>();
    script->answer = [this](ConstBlock x, Block y, const QueryContext& context) {
        ++queries;
        if (on_query) {
            on_query(x);
        }
        if (on_look && context.check_settings) {
            on_look();
        }
        const KeyedRandom random(context.key);
        for (std::size_t i = 0; i < x.samples(); ++i) {
            const auto age = static_cast<double>(context.age + i);
            for (std::size_t k = 0; k < y.channels(); ++k) {
                const double sine =
                    std::sin(2.0 * static_cast<double>(x.sample(i)[k] + x.sample(i)[(k + 7) % 20]));
                y.sample(i)[k] =
                    moved + static_cast<float>(sine + drift * age +
                                               noise * random.normal(context.number + i, k));
            }
            if (context.raw != nullptr && context.raw->wants(i)) {
                context.raw->keep(i, raw_type, std::as_bytes(y.sample(i)));
            }
        }
        for (SampleTime& time : context.times) {
            time = {clock.now(),
                    clock.now() + std::chrono::duration_cast<Clock::Monotonic::duration>(busy)};
        }
    };
    return std::make_unique<Guard>(std::make_unique<sim::Faults>(
        std::make_unique<ScriptedLayer>(script, 20, 20, 50), std::move(faults), clock));
}

runs::RunSite Attempts::site() {
    return {.host = {"x86-64", "none"},
            .store = store,
            .state = state,
            .clock = clock,
            .read =
                [](const runs::NamedFiles&) {
                    return [](const std::string&) -> std::string {
                        throw Error(Code::not_found, "no files");
                    };
                },
            .max_journal_bytes = journal_limit,
            .hold_limit = Seconds(3600.0),
            .power = power,
            .workers = nullptr,
            .stored = [](std::uint64_t) {},
            .moved = [](std::uint64_t, v1::RunState, const std::string&) {},
            .progress =
                [this](std::uint64_t, const v1::Progress& progress) {
                    if (on_progress) {
                        on_progress(progress);
                    }
                },
            .finished = [](std::uint64_t, const runs::Outcome&) {}};
}

std::optional<Error> Attempts::attempt(std::uint64_t run, std::vector<sim::FaultPlan> faults) {
    queries = 0;
    stop = {};
    pause = {};
    over = {};
    store.started(run, conditions, 3);
    rig::RigThread thread("r", [&] { return make_rig(std::move(faults)); }, clock, 100);
    thread.set_era(store.rig_era("r").era);
    runs::RunOrder order{run, spec, {{"r", &thread}}, conditions, replay_of};
    order.over = over.get_token();
    if (replay_of != 0) {
        order.rigs.clear();
    }
    const runs::RunSite here = site();
    std::optional<Error> failure;
    try {
        result = runs::Attempt(order, here, stop.get_token(), pause.get_token()).run();
        store.change_state(run, v1::SUCCEEDED, "", 4, &result);
    } catch (const Error& error) {
        failure = error;
    }
    safe = rig::LeasedRig(thread, {}).make_safe().state == SafeState::State::safe;
    return failure;
}

Attempts::Learned Attempts::learned(std::uint64_t run) const {
    Learned out{store.run(run).value().info.result().weights_sha256(), {}};
    for (const v1::Event& event : store.epochs(run, 0, 100'000)) {
        const v1::EpochMetrics& epoch = event.epoch();
        out.epochs.push_back(fmt::format("{} {} {} {:a} {:a}", epoch.step(), epoch.layer(),
                                         epoch.epoch(), epoch.loss(), epoch.train_accuracy()));
    }
    return out;
}

std::vector<std::string> Attempts::notices(std::uint64_t run) const {
    std::vector<std::string> out;
    for (const v1::Event& event : store.events(run, 0, 100'000)) {
        if (event.has_notice()) {
            out.push_back(event.notice());
        }
    }
    return out;
}

} // namespace phyll::test
