#include "tests/unit/runs/run_bench.hpp"

#include "daemon/config/load.hpp"
#include "daemon/runs/run_state.hpp"
#include "drivers/core/random.hpp"
#include "tests/support/scheme_options.hpp"
#include "tests/support/scripted_layer.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace phyll::test {
namespace {

constexpr std::size_t width = 20;

void answer(ConstBlock x, Block y, const QueryContext& context) {
    const KeyedRandom random(context.key);
    for (std::size_t i = 0; i < x.samples(); ++i) {
        const auto age = static_cast<double>(context.age + i);
        for (std::size_t k = 0; k < y.channels(); ++k) {
            const double sine =
                std::sin(2.0 * static_cast<double>(x.sample(i)[k] + x.sample(i)[(k + 7) % width]));
            y.sample(i)[k] =
                static_cast<float>(sine + 1e-5 * age + 0.02 * random.normal(context.number + i, k));
        }
    }
}

} // namespace

Clock::Wake FastClock::wait_until(Monotonic when, std::stop_token stop) const {
    return system_.wait_until(when == Monotonic::max() ? when : begin_ + (when - begin_) / speed,
                              std::move(stop));
}

void TestLoop::post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    posted_.notify_all();
}

std::function<void()> TestLoop::take() {
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
}

void TestLoop::run_one() {
    std::unique_lock lock(mutex_);
    posted_.wait(lock, [&] { return !tasks_.empty(); });
    const auto task = take();
    lock.unlock();
    task();
}

void TestLoop::run_ready() {
    std::unique_lock lock(mutex_);
    for (std::size_t left = tasks_.size(); left > 0 && !tasks_.empty(); --left) {
        const auto task = take();
        lock.unlock();
        task();
        lock.lock();
    }
}

RunBench::RunBench() {
    for (const char* name : {"a", "b"}) {
        faults[name] = 0;
        lab.add(std::make_unique<rig::RigThread>(
            name, [this, name] { return make_rig(name); }, clock, 0,
            rig::RigPatience{.query_timeout = Seconds(1e6), .grace = Seconds(1e6)}));
    }
    lab.set_hooks({.wake_at = {},
                   .keep_blocks = {},
                   .acknowledged = [this](const std::string& rig) { runs->acknowledged(rig); }});
    start();
}

RunBench::~RunBench() {
    bool stopped = false;
    runs->stop([&] { stopped = true; });
    until([&] { return stopped; });
}

std::unique_ptr<PhysicalLayer> RunBench::make_rig(const std::string& name) {
    const auto script = std::make_shared<Script>();
    script->answer = [this, name](ConstBlock x, Block y, const QueryContext& context) {
        ++queries;
        if (on_query) {
            on_query(name);
        }
        if (context.stop.stop_requested()) {
            throw Error(Code::cancelled, "stopped");
        }
        if (std::atomic<int>& left = faults.at(name); left > 0) {
            --left;
            throw Error(Code::unavailable, "the cable is out");
        }
        answer(x, y, context);
        for (SampleTime& time : context.times) {
            time = {clock.now(), clock.now()};
        }
    };
    return std::make_unique<ScriptedLayer>(script, width, width, 5);
}

void RunBench::start() {
    runs = std::make_unique<runs::RunManager>(
        runs::Premises{.version = "test", .host = {"x86-64", "none"}, .rigs = {}},
        v1::RetentionConfig(), store, state_dir, lab, clock,
        [](const runs::NamedFiles&) {
            return
                [](const std::string&) -> std::string { throw Error(Code::not_found, "no files"); };
        },
        [this](auto task) { loop.post(std::move(task)); });
    runs->recover();
}

void RunBench::restart() {
    bool stopped = false;
    runs->stop([&] { stopped = true; });
    until([&] { return stopped; });
    loop.run_ready(); // what was posted for the one that goes
    runs.reset();
    start();
}

std::uint64_t RunBench::submit(const std::vector<std::string>& rigs, std::uint64_t seed,
                               int priority, const std::string& more) {
    std::string text = fmt::format("seed = {}\n[data]\nkind = \"vowels\"\ntraining_samples = 7\n"
                                   "test_samples = 7\n[checkpoints]\nleast_seconds = 0\n"
                                   "[training]\nepochs = 2\nbatch = 4\n"
                                   "schedule = \"simultaneous\"\n{}",
                                   seed, more);
    for (const std::string& rig : rigs) {
        text += fmt::format("[[layers]]\nskip = true\n{}\n",
                            rig.empty() ? "physics = false" : fmt::format("rig = \"{}\"", rig));
    }
    for (const std::string& rig : std::set<std::string>(rigs.begin(), rigs.end())) {
        if (!rig.empty()) {
            text += fmt::format("[[rigs]]\nname = \"{}\"\nstart_age = 0\n", rig);
        }
    }
    v1::RunInfo info;
    info.set_priority(priority);
    return runs->submit(info, config::load_run_spec(text, "run.toml", {}, SchemeOptions()), text,
                        "");
}

void RunBench::until(const std::function<bool()>& condition) {
    while (!condition()) {
        loop.run_one();
    }
}

void RunBench::until_over(std::uint64_t run) {
    until([&] { return runs::is_final(state(run)); });
}

std::string RunBench::pause(std::uint64_t run, bool release) {
    std::optional<std::string> answer;
    runs->pause(run, release, "anna", [&](const std::optional<Error>& refusal) {
        answer = refusal ? refusal->what() : "";
    });
    until([&] { return answer.has_value(); });
    return *answer;
}

void RunBench::stop_rig(const std::string& rig) {
    lab.stop({rig}, "cleo", "smoke", [] {});
}

} // namespace phyll::test
