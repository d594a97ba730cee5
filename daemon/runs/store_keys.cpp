#include "daemon/runs/store_impl.hpp"

#include "drivers/core/text.hpp"

#include <fmt/format.h>

namespace phyll::runs {

using sql::from_sql;
using sql::to_sql;

namespace {

constexpr const char* key_columns =
    "public_key, name, role, added, added_by, revoked, revoked_by FROM keys";

v1::Key key_of(SQLite::Statement& select) {
    v1::Key key;
    key.set_public_key(select.getColumn(0).getString());
    key.set_name(select.getColumn(1).getString());
    key.set_role(static_cast<v1::Role>(select.getColumn(2).getInt()));
    key.set_added(select.getColumn(3).getDouble());
    key.set_added_by(select.getColumn(4).getString());
    key.set_revoked(select.getColumn(5).getDouble());
    key.set_revoked_by(select.getColumn(6).getString());
    return key;
}

void require_new(SQLite::Database& database, const v1::Key& key) {
    SQLite::Statement select(database, fmt::format("SELECT {} WHERE public_key = ? OR "
                                                   "(name = ? AND revoked = 0)",
                                                   key_columns));
    select.bind(1, key.public_key());
    select.bind(2, key.name());
    if (!select.executeStep()) {
        return;
    }
    const v1::Key other = key_of(select);
    if (other.public_key() != key.public_key()) {
        throw Error(Code::already_exists,
                    fmt::format("{} has a key already, {}; revoke it, or give another name",
                                in_quotes(key.name()), other.public_key().substr(0, 8)));
    }
    throw Error(Code::already_exists,
                other.revoked() != 0
                    ? fmt::format("the key {} was revoked, as that of {}; it stays so: make a new "
                                  "one",
                                  key.public_key().substr(0, 8), in_quotes(other.name()))
                    : fmt::format("the key {} is there already, as that of {}",
                                  key.public_key().substr(0, 8), in_quotes(other.name())));
}

/// Throws NOT_FOUND.
v1::Key valid_key(SQLite::Database& database, const std::string& name) {
    SQLite::Statement select(
        database, fmt::format("SELECT {} WHERE revoked = 0 ORDER BY rowid", key_columns));
    std::vector<std::string> names;
    while (select.executeStep()) {
        v1::Key key = key_of(select);
        if (key.name() == name) {
            return key;
        }
        names.push_back(in_quotes(key.name()));
    }
    throw Error(Code::not_found, fmt::format("nobody called {} has a key; {}", in_quotes(name),
                                             names.empty() ? std::string("nobody has one")
                                                           : fmt::format("there are those of {}",
                                                                         fmt::join(names, ", "))));
}

void insert_entry(SQLite::Database& database, v1::AuditEntry& entry) {
    SQLite::Statement insert(database,
                             "INSERT INTO audit (first, last, count, who, address, method, what, "
                             "code, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    insert.bind(1, entry.first());
    insert.bind(2, entry.last());
    insert.bind(3, to_sql(entry.count()));
    insert.bind(4, entry.who());
    insert.bind(5, entry.address());
    insert.bind(6, entry.method());
    insert.bind(7, entry.what());
    insert.bind(8, entry.code());
    insert.bind(9, entry.message());
    insert.exec();
    entry.set_number(static_cast<std::uint64_t>(database.getLastInsertRowid()));
}

void update_entry(SQLite::Database& database, const v1::AuditEntry& entry) {
    SQLite::Statement update(database, "UPDATE audit SET last = ?, count = ? WHERE number = ?");
    update.bind(1, entry.last());
    update.bind(2, to_sql(entry.count()));
    update.bind(3, to_sql(entry.number()));
    update.exec();
}

v1::AuditEntry entry_of(SQLite::Statement& select) {
    v1::AuditEntry entry;
    entry.set_number(from_sql(select.getColumn(0)));
    entry.set_first(select.getColumn(1).getDouble());
    entry.set_last(select.getColumn(2).getDouble());
    entry.set_count(from_sql(select.getColumn(3)));
    entry.set_who(select.getColumn(4).getString());
    entry.set_address(select.getColumn(5).getString());
    entry.set_method(select.getColumn(6).getString());
    entry.set_what(select.getColumn(7).getString());
    entry.set_code(select.getColumn(8).getInt());
    entry.set_message(select.getColumn(9).getString());
    return entry;
}

} // namespace

std::vector<v1::Key> Store::keys() const {
    return impl_->with([&] {
        std::vector<v1::Key> keys;
        SQLite::Statement select(impl_->database,
                                 fmt::format("SELECT {} ORDER BY rowid", key_columns));
        while (select.executeStep()) {
            keys.push_back(key_of(select));
        }
        return keys;
    });
}

void Store::add_key(const v1::Key& key) {
    impl_->transaction([&] {
        require_new(impl_->database, key);
        SQLite::Statement insert(impl_->database,
                                 "INSERT INTO keys (public_key, name, role, added, added_by, "
                                 "revoked, revoked_by) VALUES (?, ?, ?, ?, ?, 0, '')");
        insert.bind(1, key.public_key());
        insert.bind(2, key.name());
        insert.bind(3, static_cast<int>(key.role()));
        insert.bind(4, key.added());
        insert.bind(5, key.added_by());
        insert.exec();
    });
}

v1::Key Store::revoke_key(const std::string& name, const std::string& by, double time) {
    // A key that was lost must be of no use, also on a full disk.
    return impl_->last_words([&] {
        v1::Key key = valid_key(impl_->database, name);
        key.set_revoked(time);
        key.set_revoked_by(by);
        SQLite::Statement update(
            impl_->database, "UPDATE keys SET revoked = ?, revoked_by = ? WHERE public_key = ?");
        update.bind(1, time);
        update.bind(2, by);
        update.bind(3, key.public_key());
        update.exec();
        return key;
    });
}

void Store::write_audit(const std::vector<v1::AuditEntry*>& entries) {
    std::vector<v1::AuditEntry*> inserted;
    try {
        impl_->transaction([&] {
            for (v1::AuditEntry* entry : entries) {
                if (entry->number() == 0) {
                    insert_entry(impl_->database, *entry);
                    inserted.push_back(entry);
                } else {
                    update_entry(impl_->database, *entry);
                }
            }
        });
    } catch (...) {
        for (v1::AuditEntry* entry : inserted) {
            entry->clear_number(); // it is not there
        }
        throw;
    }
}

std::vector<v1::AuditEntry> Store::audit(const v1::AuditRequest& request) const {
    return impl_->with([&] {
        SQLite::Statement select(
            impl_->database,
            fmt::format("SELECT number, first, last, count, who, address, method, what, code, "
                        "message FROM audit WHERE (:before = 0 OR number < :before) AND "
                        "last >= :since AND instr(who, :who) > 0{} ORDER BY number DESC "
                        "LIMIT :limit",
                        request.refused() ? fmt::format(" AND code IN ({}, {})",
                                                        static_cast<int>(Code::permission_denied),
                                                        static_cast<int>(Code::unauthenticated))
                                          : ""));
        select.bind(":before", to_sql(request.before()));
        select.bind(":since", request.since());
        select.bind(":who", request.who());
        select.bind(":limit", to_sql(request.limit()));
        std::vector<v1::AuditEntry> entries;
        while (select.executeStep()) {
            entries.push_back(entry_of(select));
        }
        return entries;
    });
}

std::uint64_t Store::uploaded_by(const std::string& name) const {
    return impl_->with([&] {
        SQLite::Statement select(
            impl_->database, "SELECT COALESCE(SUM(size), 0) FROM uploads WHERE uploaded_by = ?");
        select.bind(1, name);
        select.executeStep();
        return from_sql(select.getColumn(0));
    });
}

} // namespace phyll::runs
