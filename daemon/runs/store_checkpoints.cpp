#include "daemon/runs/store_impl.hpp"

#include <cstddef>

namespace phyll::runs {

using sql::from_sql;
using sql::read;
using sql::to_sql;

namespace {

/// The latest, and the one before in case its file is not what it was.
constexpr std::size_t most_checkpoints = 2;

std::vector<CheckpointRecord> checkpoints_of(SQLite::Database& database, std::uint64_t run) {
    std::vector<CheckpointRecord> found;
    SQLite::Statement select(database, "SELECT step, file, sha256 FROM checkpoints WHERE run = ? "
                                       "ORDER BY step DESC");
    select.bind(1, to_sql(run));
    while (select.executeStep()) {
        found.push_back({.step = from_sql(select.getColumn(0)),
                         .file = select.getColumn(1).getString(),
                         .sha256 = select.getColumn(2).getString()});
    }
    return found;
}

void drop_checkpoint(SQLite::Database& database, std::uint64_t run, std::uint64_t step) {
    SQLite::Statement drop(database, "DELETE FROM checkpoints WHERE run = ? AND step = ?");
    drop.bind(1, to_sql(run));
    drop.bind(2, to_sql(step));
    drop.exec();
}

/// Commits reach the disk before they return, as long as this lives. Elsewhere the last ones may
/// be missing after a power cut; of checkpoints, that would be of files that are gone by then.
class Durably {
  public:
    explicit Durably(SQLite::Database& database) : database_(database) {
        database_.exec("PRAGMA synchronous = FULL");
    }
    Durably(const Durably&) = delete;
    Durably& operator=(const Durably&) = delete;
    ~Durably() { database_.tryExec("PRAGMA synchronous = NORMAL"); }

  private:
    SQLite::Database& database_;
};

} // namespace

std::vector<std::string> Store::add_checkpoint(std::uint64_t run,
                                               const CheckpointRecord& checkpoint,
                                               const std::vector<v1::EpochMetrics>& epochs,
                                               double time) {
    return impl_->with([&] {
        const Durably durably(impl_->database);
        SQLite::Transaction commit(impl_->database, SQLite::TransactionBehavior::IMMEDIATE);
        for (const v1::EpochMetrics& epoch : epochs) {
            impl_->add_epoch(run, epoch, time);
        }
        SQLite::Statement insert(impl_->database,
                                 "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)");
        insert.bind(1, to_sql(run));
        insert.bind(2, to_sql(checkpoint.step));
        insert.bind(3, checkpoint.file);
        insert.bind(4, checkpoint.sha256);
        insert.exec();
        std::vector<std::string> gone;
        const std::vector<CheckpointRecord> all = checkpoints_of(impl_->database, run);
        for (std::size_t i = most_checkpoints; i < all.size(); ++i) {
            drop_checkpoint(impl_->database, run, all[i].step);
            gone.push_back(all[i].file);
        }
        v1::RunInfo info = impl_->load(run).info;
        info.set_checkpoint(checkpoint.step);
        info.set_fruitless(0);
        impl_->save(info);
        commit.commit();
        impl_->reserve.restore();
        return gone;
    });
}

std::vector<CheckpointRecord> Store::checkpoints(std::uint64_t run) const {
    return impl_->with([&] { return checkpoints_of(impl_->database, run); });
}

std::vector<v1::EpochMetrics> Store::rewind(std::uint64_t run, std::uint64_t step, double time) {
    return impl_->transaction([&] {
        for (const CheckpointRecord& later : checkpoints_of(impl_->database, run)) {
            if (later.step > step) {
                drop_checkpoint(impl_->database, run, later.step);
            }
        }
        std::vector<v1::EpochMetrics> epochs;
        SQLite::Statement select(impl_->database, "SELECT events.event FROM metrics "
                                                  "JOIN events ON events.number = metrics.event "
                                                  "WHERE metrics.run = ? AND metrics.step >= ? "
                                                  "ORDER BY metrics.event");
        select.bind(1, to_sql(run));
        select.bind(2, to_sql(step));
        std::vector<std::uint64_t> numbers;
        while (select.executeStep()) {
            v1::Event event;
            read(select.getColumn(0), event);
            epochs.push_back(event.epoch());
            numbers.push_back(event.number());
        }
        for (const char* text :
             {"DELETE FROM metrics WHERE event = ?", "DELETE FROM events WHERE number = ?"}) {
            SQLite::Statement drop(impl_->database, text);
            for (const std::uint64_t number : numbers) {
                drop.bind(1, to_sql(number));
                drop.exec();
                drop.reset();
            }
        }
        if (!epochs.empty()) {
            v1::Event event;
            event.mutable_rewound()->set_step(step);
            event.mutable_rewound()->set_epochs(static_cast<std::uint32_t>(epochs.size()));
            impl_->add_event(run, event, time);
        }
        return epochs;
    });
}

} // namespace phyll::runs
