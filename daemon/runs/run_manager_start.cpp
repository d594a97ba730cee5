// How a run begins, or goes on: what it is under, and its thread.

#include "daemon/runs/differences.hpp"
#include "daemon/runs/run_manager.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace phyll::runs {

void RunManager::store_start(std::uint64_t run) {
    const RunRecord record = store_.run(run).value();
    const double now = wall_seconds(clock_);
    const v1::Conditions present = present_conditions(record);
    store_.started(run, present, now);
    if (!record.info.has_conditions()) {
        return;
    }
    for (const v1::Difference& change : differences(record.info.conditions(), present)) {
        store_.add_notice(run,
                          fmt::format("goes on under other conditions: {} {} is {}, was {}",
                                      change.section(), change.path(),
                                      change.has_b() ? change.b() : "not there",
                                      change.has_a() ? change.a() : "not there"),
                          now);
    }
}

v1::Conditions RunManager::present_conditions(const RunRecord& record) const {
    if (record.info.replay_of() != 0) {
        return record.info.conditions(); // of the run that it replays
    }
    std::map<std::string, RigStart> starts;
    for (const std::string& name : active_.at(record.info.run()).rigs) {
        starts[name] = start_of(lab_.rig(name));
    }
    for (const v1::RunRig& asked : record.spec.rigs()) {
        if (asked.has_start_age() && starts.contains(asked.name())) {
            starts[asked.name()].age = asked.start_age();
        }
    }
    for (const v1::RigConditions& before : record.info.conditions().rigs()) {
        starts[before.rig()].age = before.age(); // it goes on there
        starts[before.rig()].era = before.era();
    }
    return conditions(premises_, starts);
}

RigStart RunManager::start_of(const rig::RigThread& rig) const {
    RigStart start{.age = rig.status().age, .era = rig.era()};
    if (const auto calibration = rig.calibration()) {
        start.calibration = rig::in_words(calibration->to_wire());
    }
    return start;
}

void RunManager::start_thread(std::uint64_t run, Active& known) {
    try {
        const RunRecord record = store_.run(run).value();
        RunOrder order{.run = run,
                       .spec = record.spec,
                       .rigs = {},
                       .conditions = record.info.conditions(),
                       .replay_of = record.info.replay_of(),
                       .over = known.over,
                       .files = record.info.files(),
                       .client = known.client ? known.client->desk : nullptr};
        for (const std::string& name : known.rigs) {
            order.rigs[name] = &lab_.rig(name);
        }
        known.thread = std::make_unique<RunThread>(std::move(order), site_);
    } catch (const std::exception& error) {
        const std::string why = fmt::format("could not be started: {}", error.what());
        post_([this, run, why] { finished(run, {v1::FAILED, why, {}}); });
    }
}

} // namespace phyll::runs
