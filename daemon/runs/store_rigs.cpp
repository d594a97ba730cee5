#include "daemon/runs/store_impl.hpp"

namespace phyll::runs {

using sql::bind;
using sql::from_sql;
using sql::read;
using sql::to_sql;

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
