#include "daemon/runs/store_impl.hpp"

#include "drivers/core/text.hpp"

namespace phyll::runs {

using sql::bind;
using sql::from_sql;
using sql::read;
using sql::to_sql;

namespace {

/// A row of rig_eras.
struct EraRow {
    RigEra era;
    std::string configuration; ///< SHA-256; empty: not known
};

/// The rig's last row; without one, what that stands for.
EraRow last_era(SQLite::Database& database, const std::string& rig) {
    SQLite::Statement select(database,
                             "SELECT era, since, reason, configuration FROM rig_eras WHERE rig = ? "
                             "ORDER BY era DESC LIMIT 1");
    select.bind(1, rig);
    if (!select.executeStep()) {
        return {};
    }
    return {.era = {.era = from_sql(select.getColumn(0)),
                    .since = select.getColumn(1).getDouble(),
                    .reason = select.getColumn(2).getString()},
            .configuration = select.getColumn(3).getString()};
}

void put_era(SQLite::Database& database, const std::string& rig, const EraRow& row) {
    SQLite::Statement upsert(database,
                             "INSERT INTO rig_eras (rig, era, since, reason, configuration) "
                             "VALUES (?, ?, ?, ?, ?) ON CONFLICT (rig, era) "
                             "DO UPDATE SET configuration = excluded.configuration");
    upsert.bind(1, rig);
    upsert.bind(2, to_sql(row.era.era));
    upsert.bind(3, row.era.since);
    upsert.bind(4, row.era.reason);
    upsert.bind(5, row.configuration);
    upsert.exec();
}

RigEra begin_next(SQLite::Database& database, const std::string& rig, EraRow row,
                  const std::string& reason, double time) {
    row.era = {.era = row.era.era + 1, .since = time, .reason = reason};
    put_era(database, rig, row);
    return row.era;
}

} // namespace

std::map<std::string, std::uint64_t> Store::rig_ages() const {
    return impl_->with([&] {
        std::map<std::string, std::uint64_t> ages;
        SQLite::Statement select(impl_->database, "SELECT name, age FROM rigs");
        while (select.executeStep()) {
            ages[select.getColumn(0).getString()] = from_sql(select.getColumn(1));
        }
        return ages;
    });
}

void Store::save_rig_age(const std::string& rig, std::uint64_t age) {
    impl_->with([&] {
        SQLite::Statement upsert(impl_->database,
                                 "INSERT INTO rigs (name, age) VALUES (?, ?) "
                                 "ON CONFLICT (name) DO UPDATE SET age = excluded.age");
        upsert.bind(1, rig);
        upsert.bind(2, to_sql(age));
        upsert.exec();
    });
}

RigEra Store::Impl::refresh_era(const std::string& rig) {
    return with([&] {
        const RigEra era = last_era(database, rig).era;
        const std::lock_guard lock(eras_mutex);
        return eras[rig] = era;
    });
}

RigEra Store::rig_era(const std::string& rig) const {
    {
        // Whoever looks at a rig does not wait for what is being written.
        const std::lock_guard lock(impl_->eras_mutex);
        if (const auto known = impl_->eras.find(rig); known != impl_->eras.end()) {
            return known->second;
        }
    }
    return impl_->refresh_era(rig);
}

RigEra Store::end_era(const std::string& rig, const std::string& reason, double time) {
    const RigEra begun = impl_->transaction([&] {
        return begin_next(impl_->database, rig, last_era(impl_->database, rig), reason, time);
    });
    static_cast<void>(impl_->refresh_era(rig));
    return begun;
}

void Store::note_configuration(const std::string& rig, const std::string& sha256, double time) {
    impl_->transaction([&] {
        EraRow row = last_era(impl_->database, rig);
        if (row.configuration == sha256) {
            return;
        }
        const bool known = !row.configuration.empty();
        row.configuration = sha256;
        if (known) {
            begin_next(impl_->database, rig, row, "the configuration changed", time);
        } else {
            put_era(impl_->database, rig, row);
        }
    });
    static_cast<void>(impl_->refresh_era(rig));
}

std::map<std::string, std::vector<rig::RigBlock>> Store::rig_blocks() const {
    return impl_->with([&] {
        std::map<std::string, std::vector<rig::RigBlock>> blocks;
        SQLite::Statement select(
            impl_->database,
            "SELECT rig, kind, note, by, since FROM rig_blocks ORDER BY rig, kind");
        while (select.executeStep()) {
            blocks[select.getColumn(0).getString()].push_back(
                {.kind = static_cast<rig::BlockKind>(select.getColumn(1).getInt()),
                 .note = select.getColumn(2).getString(),
                 .by = select.getColumn(3).getString(),
                 .since = select.getColumn(4).getDouble()});
        }
        return blocks;
    });
}

void Store::save_rig_blocks(const std::string& rig, const std::vector<rig::RigBlock>& blocks) {
    impl_->transaction([&] {
        SQLite::Statement clear(impl_->database, "DELETE FROM rig_blocks WHERE rig = ?");
        clear.bind(1, rig);
        clear.exec();
        for (const rig::RigBlock& block : blocks) {
            SQLite::Statement insert(impl_->database,
                                     "INSERT INTO rig_blocks VALUES (?, ?, ?, ?, ?)");
            insert.bind(1, rig);
            insert.bind(2, static_cast<int>(block.kind));
            insert.bind(3, utf8(block.note));
            insert.bind(4, utf8(block.by));
            insert.bind(5, block.since);
            insert.exec();
        }
    });
}

void Store::save_characterisation(const v1::Characterisation& report) {
    impl_->transaction([&] {
        SQLite::Statement upsert(impl_->database,
                                 "INSERT INTO characterisations (rig, report) VALUES (?, ?) "
                                 "ON CONFLICT (rig) DO UPDATE SET report = excluded.report");
        upsert.bind(1, report.rig());
        bind(upsert, 2, report);
        upsert.exec();
    });
}

std::optional<v1::Characterisation> Store::characterisation(const std::string& rig) const {
    return impl_->with([&]() -> std::optional<v1::Characterisation> {
        SQLite::Statement select(impl_->database,
                                 "SELECT report FROM characterisations WHERE rig = ?");
        select.bind(1, rig);
        if (!select.executeStep()) {
            return std::nullopt;
        }
        v1::Characterisation report;
        read(select.getColumn(0), report);
        return report;
    });
}

} // namespace phyll::runs
