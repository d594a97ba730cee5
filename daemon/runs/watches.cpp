#include "daemon/runs/watches.hpp"

#include <utility>

namespace phyll::runs {
namespace {

/// Events handed to a watcher before others get their turn.
constexpr std::size_t event_batch = 200;

} // namespace

Watches::Id Watches::add(std::set<std::uint64_t> runs, std::uint64_t after, Watcher watcher) {
    const Id id = ++last_;
    watches_[id] = {std::move(runs), after, std::make_shared<const Watcher>(std::move(watcher))};
    post_([this, id] { advance(id); });
    return id;
}

void Watches::remove(Id id) {
    watches_.erase(id);
}

void Watches::notify(std::uint64_t run) {
    if (listener_) {
        listener_();
    }
    for (const Id id : watching(run)) {
        advance(id);
    }
}

void Watches::show(std::uint64_t run, const v1::Progress& progress) {
    for (const Id id : watching(run)) {
        if (const auto found = watches_.find(id); found != watches_.end()) {
            const std::shared_ptr<const Watcher> watcher = found->second.watcher;
            watcher->progress(run, progress);
        }
    }
}

void Watches::drop(std::uint64_t run) {
    for (const Id id : watching(run)) {
        if (const auto watch = watches_.extract(id)) {
            watch.mapped().watcher->over();
        }
    }
}

std::vector<Watches::Id> Watches::watching(std::uint64_t run) const {
    std::vector<Id> ids;
    for (const auto& [id, watch] : watches_) {
        if (watch.runs.contains(run)) {
            ids.push_back(id);
        }
    }
    return ids;
}

void Watches::advance(Id id) {
    const auto found = watches_.find(id);
    if (found == watches_.end()) {
        return;
    }
    Watch& watch = found->second;
    const std::shared_ptr<const Watcher> watcher = watch.watcher;
    const std::set<std::uint64_t> runs = watch.runs;
    const std::vector<StoredEvent> events = store_.events(runs, watch.last, event_batch);
    for (const StoredEvent& stored : events) {
        watch.last = stored.event.number();
        watcher->event(stored.run, stored.event);
        if (!watches_.contains(id)) {
            return; // it went away
        }
    }
    if (events.size() == event_batch) {
        post_([this, id] { advance(id); });
    } else if (store_.all_over(runs)) {
        watches_.erase(id);
        watcher->over();
    }
}

} // namespace phyll::runs
