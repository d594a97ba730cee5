#include "daemon/runs/store_impl.hpp"

#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace phyll::runs {

using sql::bind;
using sql::from_sql;
using sql::read;
using sql::to_sql;

namespace {

/// Of a statement that selects run and event.
std::vector<StoredEvent> stored_events(SQLite::Statement& select) {
    std::vector<StoredEvent> events;
    while (select.executeStep()) {
        StoredEvent& stored = events.emplace_back();
        stored.run = from_sql(select.getColumn(0));
        read(select.getColumn(1), stored.event);
    }
    return events;
}

} // namespace

v1::Event Store::Impl::add_epoch(std::uint64_t run, const v1::EpochMetrics& epoch, double time) {
    v1::Event event;
    *event.mutable_epoch() = epoch;
    event = add_event(run, event, time);
    SQLite::Statement insert(database,
                             "INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    insert.bind(1, to_sql(run));
    insert.bind(2, to_sql(event.number()));
    insert.bind(3, to_sql(epoch.step()));
    insert.bind(4, epoch.layer());
    insert.bind(5, epoch.epoch());
    insert.bind(6, epoch.loss());
    insert.bind(7, epoch.pair_accuracy());
    if (epoch.has_train_accuracy()) {
        insert.bind(8, epoch.train_accuracy());
    }
    insert.bind(9, to_sql(epoch.training_queries()));
    insert.bind(10, to_sql(epoch.evaluation_queries()));
    insert.bind(11, epoch.hardware_seconds());
    insert.exec();
    return event;
}

v1::Event Store::add_epoch(std::uint64_t run, const v1::EpochMetrics& epoch, double time) {
    return impl_->transaction([&] { return impl_->add_epoch(run, epoch, time); });
}

bool Store::add_era(std::uint64_t run, const v1::EraEnded& era, bool look, double time) {
    const std::vector<v1::Event> told = events(run, 0, SIZE_MAX >> 1U);
    const bool known = std::ranges::any_of(told, [&](const v1::Event& event) {
        return event.has_era() && event.era().rig() == era.rig() && event.era().era() == era.era();
    });
    if (known) {
        return false;
    }
    impl_->transaction([&] {
        v1::Event event;
        *event.mutable_era() = era;
        impl_->add_event(run, event, time);
        if (look) {
            v1::RunInfo info = impl_->load(run).info;
            info.set_waits(true);
            impl_->save(info);
        }
    });
    return true;
}

v1::Event Store::add_notice(std::uint64_t run, const std::string& text, double time) {
    return impl_->transaction([&] {
        v1::Event event;
        event.set_notice(utf8(text));
        return impl_->add_event(run, event, time);
    });
}

std::vector<v1::Event> Store::events(std::uint64_t run, std::uint64_t after,
                                     std::size_t limit) const {
    std::vector<v1::Event> out;
    for (StoredEvent& stored : events(std::set{run}, after, limit)) {
        out.push_back(std::move(stored.event));
    }
    return out;
}

std::vector<StoredEvent> Store::events(const std::set<std::uint64_t>& runs, std::uint64_t after,
                                       std::size_t limit) const {
    // Of one run by the index of its events; of several in the order of the table (the + keeps the
    // index out), so that reading page after page passes each event once.
    const std::string text =
        fmt::format("SELECT run, event FROM events WHERE {}run IN ({}) AND number > ? "
                    "ORDER BY number LIMIT ?",
                    runs.size() == 1 ? "" : "+", fmt::join(runs, ", "));
    return impl_->with([&] {
        SQLite::Statement select(impl_->database, text);
        select.bind(1, to_sql(after));
        select.bind(2, to_sql(limit));
        return stored_events(select);
    });
}

std::vector<StoredEvent> Store::all_events(std::uint64_t after, std::size_t limit) const {
    return impl_->with([&] {
        SQLite::Statement select(impl_->database, "SELECT run, event FROM events WHERE number > ? "
                                                  "ORDER BY number LIMIT ?");
        select.bind(1, to_sql(after));
        select.bind(2, to_sql(limit));
        return stored_events(select);
    });
}

std::uint64_t Store::last_event() const {
    return impl_->with([&] {
        // Not of the table: events may be gone, and their numbers are not used again.
        SQLite::Statement select(impl_->database,
                                 "SELECT seq FROM sqlite_sequence WHERE name = 'events'");
        return select.executeStep() ? from_sql(select.getColumn(0)) : 0;
    });
}

std::vector<v1::Event> Store::epochs(std::uint64_t run, std::uint64_t after,
                                     std::size_t limit) const {
    return impl_->with([&] {
        static_cast<void>(impl_->load(run));
        std::vector<v1::Event> epochs;
        SQLite::Statement select(impl_->database, "SELECT events.event FROM metrics "
                                                  "JOIN events ON events.number = metrics.event "
                                                  "WHERE metrics.run = ? AND metrics.event > ? "
                                                  "ORDER BY metrics.event LIMIT ?");
        select.bind(1, to_sql(run));
        select.bind(2, to_sql(after));
        select.bind(3, to_sql(limit));
        while (select.executeStep()) {
            read(select.getColumn(0), epochs.emplace_back());
        }
        return epochs;
    });
}

} // namespace phyll::runs
