// Streams that are recorded, as the run manager keeps them.

#include "daemon/runs/run_manager.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace phyll::runs {

Recording& RunManager::record(const RecordingOrder& order, rig::RigThread& rig) {
    auto recording = std::make_unique<Recording>(
        order, rig, conditions(premises_, {{rig.name(), start_of(rig)}}), site_);
    const std::uint64_t run = recording->run();
    spdlog::info("run {} records what {} streams through {}", run, order.by, rig.name());
    return *recordings_.emplace(run, std::move(recording)).first->second;
}

void RunManager::end_recording(std::uint64_t run, const std::optional<std::string>& failure,
                               std::function<void()> done) {
    recordings_.at(run)->close(failure,
                               [this, run, done = std::move(done)](const std::exception_ptr&) {
                                   post_([this, run, done] {
                                       recordings_.erase(run);
                                       ended(run);
                                       done();
                                       say_when_stopped();
                                   });
                               });
}

} // namespace phyll::runs
