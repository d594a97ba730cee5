#include "daemon/runs/contents/uploads.hpp"

#include "daemon/runs/data_files.hpp"
#include "daemon/runs/run_site.hpp"
#include "daemon/runs/state_dir.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace phyll::runs {
namespace {

/// Parts that are kept open, so that they need not be read again for their hash.
constexpr std::size_t most_open = 16;
/// What is left of the disk for others.
constexpr std::uint64_t spared_bytes = std::uint64_t{64} << 20U;
/// After so many seconds a part that nobody continued is given up.
constexpr double part_patience = 7 * 24 * 3600.0;

constexpr const char* part_suffix = ".part";
constexpr const char* removed_suffix = ".removed";

bool is_hash(const std::string& name) {
    return name.size() == 2 * Sha256Digest().size() &&
           name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

void check_limits(const UploadRecord& upload) {
    if (upload.size > Uploads::most_bytes) {
        throw invalid_field("size", fmt::format("{} bytes; at most {} GiB are taken", upload.size,
                                                Uploads::most_bytes >> 30U));
    }
    if (upload.name.size() > Uploads::most_name) {
        throw invalid_field(
            "name", fmt::format("{} bytes; at most {}", upload.name.size(), Uploads::most_name));
    }
}

void remove_file(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::remove(path, error);
    if (error) {
        throw file_error(error.value(), fmt::format("cannot remove {}", path.string()));
    }
}

/// Seconds since 1970, UTC.
double changed_at(const std::filesystem::path& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? static_cast<double>(status.st_mtim.tv_sec) : 0.0;
}

std::uint64_t size_or_0(const std::filesystem::path& path) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    return error ? 0 : size;
}

} // namespace

Uploads::Uploads(std::filesystem::path folder, Store& store, const Clock& clock)
    : folder_(std::move(folder)), store_(store), clock_(clock) {
    store_.know_whole_uploads_by([whole_ones = folder_](const std::string& sha256) {
        std::error_code ignored;
        return std::filesystem::exists(whole_ones / sha256, ignored);
    });
}

std::filesystem::path Uploads::whole(const std::string& sha256) const {
    return folder_ / sha256;
}

std::filesystem::path Uploads::part(const std::string& sha256) const {
    return folder_ / (sha256 + part_suffix);
}

std::filesystem::path Uploads::removed(const std::string& sha256) const {
    return folder_ / (sha256 + removed_suffix);
}

void Uploads::finish_removals() {
    std::vector<std::string> begun;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
        if (entry.path().extension() == removed_suffix && is_hash(entry.path().stem().string())) {
            begun.push_back(entry.path().stem().string());
        }
    }
    for (const std::string& sha256 : begun) {
        if (store_.upload(sha256)) {
            put_in_place(removed(sha256), whole(sha256));
        } else {
            remove_file(removed(sha256));
        }
    }
}

void Uploads::tidy() {
    finish_removals();
    std::set<std::string> there;
    std::error_code ignored;
    const double now = wall_seconds(clock_);
    for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
        const bool is_part = entry.path().extension() == part_suffix;
        const std::string sha256 =
            (is_part ? entry.path().stem() : entry.path().filename()).string();
        if (!is_hash(sha256)) {
            continue;
        }
        if (!is_part && !store_.upload(sha256)) {
            store_.note_upload({.sha256 = sha256,
                                .size = size_or_0(entry.path()),
                                .name = sha256,
                                .uploaded_by = "",
                                .time = now});
        }
        if (is_part && (!store_.upload(sha256) || changed_at(entry.path()) < now - part_patience)) {
            remove_file(entry.path());
        } else {
            there.insert(sha256);
        }
    }
    for (const UploadRecord& upload : store_.uploads()) {
        if (!there.contains(upload.sha256)) {
            store_.forget_upload(upload.sha256);
        }
    }
}

Received Uploads::put(const UploadRecord& upload, std::uint64_t offset,
                      std::span<const std::byte> bytes, const std::stop_token& stop) {
    check_limits(upload);
    const std::lock_guard lock(mutex_);
    if (const Received received = find(upload.sha256); received.complete) {
        return received;
    }
    PartFile& file = part_of(upload, stop);
    if (offset != file.size()) {
        throw Error(Code::out_of_range,
                    fmt::format("offset: {}; {} bytes have come, go on there", offset, file.size()),
                    {{"offset", std::to_string(file.size())}});
    }
    if (offset + bytes.size() > upload.size) {
        throw invalid_field("size", fmt::format("{} bytes; this part of {} would end at {}",
                                                upload.size, bytes.size(), offset + bytes.size()));
    }
    file.append(bytes);
    const Received received{file.size(), file.size() == upload.size};
    if (received.complete) {
        finish(upload.sha256);
    }
    return received;
}

PartFile& Uploads::part_of(const UploadRecord& upload, const std::stop_token& stop) {
    const std::optional<UploadRecord> before = store_.upload(upload.sha256);
    if (!before || before->size != upload.size || !std::filesystem::exists(part(upload.sha256))) {
        begin(upload);
    }
    const auto found = std::ranges::find(parts_, upload.sha256, &Open::sha256);
    if (found != parts_.end()) {
        parts_.splice(parts_.end(), parts_, found);
        return parts_.back().file;
    }
    if (parts_.size() == most_open) {
        parts_.pop_front();
    }
    return parts_.emplace_back(upload.sha256, part(upload.sha256), stop).file;
}

void Uploads::begin(const UploadRecord& upload) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) {
        throw file_error(error.value(), fmt::format("cannot make the folder {}", folder_.string()));
    }
    const std::filesystem::space_info space = std::filesystem::space(folder_, error);
    if (!error && space.available < upload.size + spared_bytes) {
        throw Error(Code::resource_exhausted,
                    fmt::format("the upload has {} MB, and {} has {} MB left; free some space",
                                upload.size / 1'000'000, folder_.string(),
                                space.available / 1'000'000));
    }
    drop_part(upload.sha256);
    UploadRecord noted = upload;
    noted.time = wall_seconds(clock_);
    store_.note_upload(noted);
}

void Uploads::finish(const std::string& sha256) {
    const std::string found = parts_.back().file.sha256();
    parts_.pop_back();
    if (found != sha256) {
        drop_part(sha256);
        store_.forget_upload(sha256);
        throw Error(Code::data_loss,
                    fmt::format("what came has the SHA-256 {}, not {}: the file was changed while "
                                "it was sent, or damaged on its way; nothing is kept of it, send "
                                "it again",
                                found, sha256));
    }
    put_in_place(part(sha256), whole(sha256));
}

void Uploads::drop_part(const std::string& sha256) {
    parts_.remove_if([&](const Open& open) { return open.sha256 == sha256; });
    remove_file(part(sha256));
}

Received Uploads::find(const std::string& sha256) const {
    const std::optional<UploadRecord> upload = store_.upload(sha256);
    if (!upload) {
        return {};
    }
    if (std::filesystem::exists(whole(sha256))) {
        return {upload->size, true};
    }
    return {size_or_0(part(sha256)), false};
}

std::optional<DataFile> Uploads::open(const std::string& sha256) const {
    if (!find(sha256).complete) {
        return std::nullopt;
    }
    return read_below(folder_.string())(sha256);
}

std::vector<Uploads::Listed> Uploads::list() const {
    std::vector<Listed> out;
    for (UploadRecord& upload : store_.uploads()) {
        const Received received = find(upload.sha256);
        out.push_back({std::move(upload), received});
    }
    return out;
}

void Uploads::remove(const std::string& sha256) {
    const std::lock_guard lock(mutex_);
    // The store decides whether there is an upload. Its file is out of the way before the store
    // forgets it: under its own name it would be taken for another upload at the next start.
    bool put_aside = false;
    try {
        store_.remove_upload(sha256, [&] {
            if (std::filesystem::exists(whole(sha256))) {
                put_aside = true;
                put_in_place(whole(sha256), removed(sha256));
            }
        });
    } catch (...) {
        if (put_aside) {
            std::error_code ignored; // the next start does it then
            std::filesystem::rename(removed(sha256), whole(sha256), ignored);
        }
        throw;
    }
    drop_part(sha256);
    remove_file(removed(sha256));
}

} // namespace phyll::runs
