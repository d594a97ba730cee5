#include "daemon/runs/contents/folder_index.hpp"

#include "daemon/runs/data_files.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace phyll::runs {
namespace {

std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Nothing for what is no file.
std::optional<FileStamp> stamp_of(const std::filesystem::path& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return std::nullopt;
    }
    return FileStamp{.size = static_cast<std::uint64_t>(status.st_size),
                     .inode = status.st_ino,
                     .modified = nanoseconds(status.st_mtim),
                     .changed = nanoseconds(status.st_ctim)};
}

} // namespace

FolderIndex::FolderIndex(std::filesystem::path folder, Store& store)
    : folder_(std::move(folder)), store_(store) {}

void FolderIndex::look_at(const std::set<std::uint64_t>& sizes, const std::stop_token& stop) {
    if (folder_.empty() || sizes.empty()) {
        return;
    }
    using Iterator = std::filesystem::recursive_directory_iterator;
    std::error_code ignored;
    for (Iterator it(folder_, std::filesystem::directory_options::skip_permission_denied, ignored);
         it != Iterator(); it.increment(ignored)) {
        if (stop.stop_requested()) {
            throw Error(Code::cancelled, "given up by the client");
        }
        const std::optional<FileStamp> now = stamp_of(it->path());
        const std::string path = it->path().lexically_relative(folder_).string();
        if (now && sizes.contains(now->size) && !is_known(path, *now)) {
            note(path, stop);
        }
    }
}

bool FolderIndex::is_known(const std::string& path, const FileStamp& now) const {
    const std::optional<FolderFile> known = store_.folder_file(path);
    return known && known->stamp == now;
}

void FolderIndex::note(const std::string& path, const std::stop_token& stop) {
    try {
        const std::optional<FileStamp> before = stamp_of(folder_ / path);
        const std::string sha256 = sha256_of(*read_below(folder_.string())(path).bytes(), stop);
        if (before && before == stamp_of(folder_ / path)) {
            store_.note_folder_file({.path = path, .sha256 = sha256, .stamp = *before});
        }
    } catch (const Error& error) {
        if (stop.stop_requested()) {
            throw Error(Code::cancelled, "given up by the client");
        }
        spdlog::debug("{} is left out of the contents of the data directory: {}", path,
                      error.what());
    }
}

std::optional<DataFile> FolderIndex::open(const std::string& sha256) {
    for (const FolderFile& known : store_.folder_files(sha256)) {
        const std::optional<FileStamp> now = stamp_of(folder_ / known.path);
        if (!now || now->size != known.stamp.size) {
            continue;
        }
        if (now != known.stamp) {
            note(known.path);
        }
        const std::optional<FolderFile> noted = store_.folder_file(known.path);
        if (!noted || noted->sha256 != sha256) {
            continue;
        }
        DataFile file = read_below(folder_.string())(known.path);
        // Another file may have come into its place before it was opened.
        if (stamp_of(folder_ / known.path) == noted->stamp) {
            return file;
        }
    }
    return std::nullopt;
}

} // namespace phyll::runs
