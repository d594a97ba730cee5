// Contents of data files, as the store keeps them: which were uploaded, which files of the data
// directory have which, which runs name them.

#include "daemon/runs/contents/named_files.hpp"
#include "daemon/runs/run_state.hpp"
#include "daemon/runs/store_impl.hpp"

#include <fmt/format.h>

namespace phyll::runs {

using sql::from_sql;
using sql::to_sql;

namespace {

UploadRecord upload_in(const SQLite::Statement& row) {
    return {.sha256 = row.getColumn(0).getString(),
            .size = from_sql(row.getColumn(1)),
            .name = row.getColumn(2).getString(),
            .uploaded_by = row.getColumn(3).getString(),
            .time = row.getColumn(4).getDouble()};
}

FolderFile folder_file_in(const SQLite::Statement& row) {
    return {.path = row.getColumn(0).getString(),
            .sha256 = row.getColumn(1).getString(),
            .stamp = {.size = from_sql(row.getColumn(2)),
                      .inode = from_sql(row.getColumn(3)),
                      .modified = row.getColumn(4).getInt64(),
                      .changed = row.getColumn(5).getInt64()}};
}

constexpr const char* upload_columns = "SELECT sha256, size, name, uploaded_by, time FROM uploads";
constexpr const char* folder_columns =
    "SELECT path, sha256, size, inode, modified, changed FROM folder_files";

/// The first run that names a content and is not over; 0: none.
std::uint64_t needed_by(SQLite::Database& database, const std::string& sha256) {
    SQLite::Statement select(database, "SELECT id, state FROM runs WHERE id IN (SELECT run FROM "
                                       "run_files WHERE sha256 = ?) ORDER BY id");
    select.bind(1, sha256);
    while (select.executeStep()) {
        if (!is_final(static_cast<v1::RunState>(select.getColumn(1).getInt()))) {
            return from_sql(select.getColumn(0));
        }
    }
    return 0;
}

/// Whether a table has a row of a content.
bool has_row(SQLite::Database& database, const char* table, const std::string& sha256) {
    SQLite::Statement select(database,
                             fmt::format("SELECT 1 FROM {} WHERE sha256 = ? LIMIT 1", table));
    select.bind(1, sha256);
    return select.executeStep();
}

void erase_upload(SQLite::Database& database, const std::string& sha256) {
    SQLite::Statement erase(database, "DELETE FROM uploads WHERE sha256 = ?");
    erase.bind(1, sha256);
    erase.exec();
}

} // namespace

void sql::add_files(SQLite::Database& database, const v1::RunInfo& info, const IsWhole& is_whole) {
    SQLite::Statement insert(database,
                             "INSERT OR IGNORE INTO run_files (sha256, run) VALUES (?, ?)");
    for (const v1::NamedFile& file : info.files()) {
        const std::string sha256 = hash_in_hex(file.sha256(), "files.sha256");
        const bool uploaded = has_row(database, "uploads", sha256);
        if ((!uploaded || !is_whole(sha256)) && !has_row(database, "folder_files", sha256)) {
            throw Error(Code::not_found,
                        fmt::format("data.file: the content of {} {}", file.name(),
                                    uploaded ? "has not come to its end; upload the rest"
                                             : "was removed meanwhile; upload it again"));
        }
        insert.bind(1, sha256);
        insert.bind(2, to_sql(info.run()));
        insert.exec();
        insert.reset();
    }
}

void Store::know_whole_uploads_by(std::function<bool(const std::string& sha256)> is_whole) {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_whole = std::move(is_whole);
}

void Store::note_upload(const UploadRecord& upload) {
    impl_->transaction([&] {
        SQLite::Statement insert(impl_->database,
                                 "INSERT OR REPLACE INTO uploads (sha256, size, name, uploaded_by, "
                                 "time) VALUES (?, ?, ?, ?, ?)");
        insert.bind(1, upload.sha256);
        insert.bind(2, to_sql(upload.size));
        insert.bind(3, upload.name);
        insert.bind(4, upload.uploaded_by);
        insert.bind(5, upload.time);
        insert.exec();
    });
}

std::optional<UploadRecord> Store::upload(const std::string& sha256) const {
    return impl_->with([&]() -> std::optional<UploadRecord> {
        SQLite::Statement select(impl_->database,
                                 fmt::format("{} WHERE sha256 = ?", upload_columns));
        select.bind(1, sha256);
        return select.executeStep() ? std::optional(upload_in(select)) : std::nullopt;
    });
}

std::vector<UploadRecord> Store::uploads() const {
    return impl_->with([&] {
        SQLite::Statement select(impl_->database,
                                 fmt::format("{} ORDER BY name, sha256", upload_columns));
        std::vector<UploadRecord> uploads;
        while (select.executeStep()) {
            uploads.push_back(upload_in(select));
        }
        return uploads;
    });
}

void Store::remove_upload(const std::string& sha256, const std::function<void()>& put_aside) {
    impl_->transaction([&] {
        if (!has_row(impl_->database, "uploads", sha256)) {
            throw Error(Code::not_found,
                        fmt::format("there is no upload with the SHA-256 {}; the list of data has "
                                    "those that are",
                                    sha256));
        }
        if (const std::uint64_t run = needed_by(impl_->database, sha256); run != 0) {
            throw Error(
                Code::failed_precondition,
                fmt::format("run {} reads it and is not over; wait for it or cancel it", run));
        }
        put_aside();
        erase_upload(impl_->database, sha256);
    });
}

void Store::forget_upload(const std::string& sha256) {
    impl_->transaction([&] { erase_upload(impl_->database, sha256); });
}

std::vector<std::uint64_t> Store::runs_with(const std::string& sha256) const {
    return impl_->with([&] {
        SQLite::Statement select(impl_->database,
                                 "SELECT run FROM run_files WHERE sha256 = ? ORDER BY run");
        select.bind(1, sha256);
        std::vector<std::uint64_t> runs;
        while (select.executeStep()) {
            runs.push_back(from_sql(select.getColumn(0)));
        }
        return runs;
    });
}

void Store::note_folder_file(const FolderFile& file) {
    impl_->transaction([&] {
        SQLite::Statement insert(impl_->database,
                                 "INSERT OR REPLACE INTO folder_files (path, sha256, size, inode, "
                                 "modified, changed) VALUES (?, ?, ?, ?, ?, ?)");
        insert.bind(1, file.path);
        insert.bind(2, file.sha256);
        insert.bind(3, to_sql(file.stamp.size));
        insert.bind(4, to_sql(file.stamp.inode));
        insert.bind(5, file.stamp.modified);
        insert.bind(6, file.stamp.changed);
        insert.exec();
    });
}

std::optional<FolderFile> Store::folder_file(const std::string& path) const {
    return impl_->with([&]() -> std::optional<FolderFile> {
        SQLite::Statement select(impl_->database, fmt::format("{} WHERE path = ?", folder_columns));
        select.bind(1, path);
        return select.executeStep() ? std::optional(folder_file_in(select)) : std::nullopt;
    });
}

std::vector<FolderFile> Store::folder_files(const std::string& sha256) const {
    return impl_->with([&] {
        SQLite::Statement select(impl_->database,
                                 fmt::format("{} WHERE sha256 = ? ORDER BY path", folder_columns));
        select.bind(1, sha256);
        std::vector<FolderFile> files;
        while (select.executeStep()) {
            files.push_back(folder_file_in(select));
        }
        return files;
    });
}

} // namespace phyll::runs
