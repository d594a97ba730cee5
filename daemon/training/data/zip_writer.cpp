#include "daemon/training/data/zip_writer.hpp"

#include "daemon/training/data/zip_source.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <list>
#include <utility>

namespace phyll::training {
namespace {

/// What libzip writes an archive through that is not there yet. An exception waits for `check`.
class Target {
  public:
    explicit Target(ByteStore& into) : into_(into) { zip_error_init(&error_); }
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    ~Target() { zip_error_fini(&error_); }

    static zip_int64_t call(void* self, void* data, zip_uint64_t size, zip_source_cmd_t command) {
        return static_cast<Target*>(self)->answer(data, size, command);
    }
    void check() const {
        if (failure_) {
            std::rethrow_exception(failure_);
        }
    }

  private:
    zip_int64_t answer(void* data, zip_uint64_t size, zip_source_cmd_t command) {
        switch (command) {
        case ZIP_SOURCE_SUPPORTS:
            return zip_source_make_command_bitmap(
                ZIP_SOURCE_SUPPORTS, ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK,
                ZIP_SOURCE_TELL, ZIP_SOURCE_BEGIN_WRITE, ZIP_SOURCE_WRITE, ZIP_SOURCE_SEEK_WRITE,
                ZIP_SOURCE_TELL_WRITE, ZIP_SOURCE_COMMIT_WRITE, ZIP_SOURCE_ROLLBACK_WRITE,
                ZIP_SOURCE_REMOVE, -1);
        case ZIP_SOURCE_WRITE:
            return write({static_cast<const std::byte*>(data), size});
        case ZIP_SOURCE_SEEK_WRITE:
            return seek(data, size);
        case ZIP_SOURCE_TELL_WRITE:
            return static_cast<zip_int64_t>(position_);
        case ZIP_SOURCE_ERROR:
            return zip_error_to_data(&error_, data, size);
        case ZIP_SOURCE_STAT: // there is nothing yet
            zip_error_set(&error_, ZIP_ER_READ, ENOENT);
            return -1;
        case ZIP_SOURCE_BEGIN_WRITE:
            position_ = 0;
            return 0;
        case ZIP_SOURCE_COMMIT_WRITE:
        case ZIP_SOURCE_ROLLBACK_WRITE:
        case ZIP_SOURCE_REMOVE:
        case ZIP_SOURCE_CLOSE:
        case ZIP_SOURCE_FREE:
            return 0;
        default:
            zip_error_set(&error_, ZIP_ER_OPNOTSUPP, 0);
            return -1;
        }
    }

    zip_int64_t write(std::span<const std::byte> from) noexcept {
        try {
            if (position_ + from.size() > into_.size()) {
                into_.resize(position_ + from.size());
            }
            into_.write(position_, from);
            position_ += from.size();
            return static_cast<zip_int64_t>(from.size());
        } catch (...) {
            failure_ = std::current_exception();
            zip_error_set(&error_, ZIP_ER_WRITE, 0);
            return -1;
        }
    }
    zip_int64_t seek(void* data, zip_uint64_t size) {
        const zip_int64_t place =
            zip_source_seek_compute_offset(position_, into_.size(), data, size, &error_);
        if (place < 0) {
            return -1;
        }
        position_ = static_cast<std::uint64_t>(place);
        return 0;
    }

    ByteStore& into_;
    std::uint64_t position_ = 0;
    zip_error_t error_{};
    std::exception_ptr failure_;
};

/// The archive while it is written. Sources are given to libzip, which outlives none of them.
class Writer {
  public:
    Writer(ByteStore& into, std::stop_token stop) : target_(into), stop_(std::move(stop)) {
        zip_error_t error;
        zip_error_init(&error);
        zip_source_t* source = zip_source_function_create(Target::call, &target_, &error);
        if (source != nullptr) {
            archive_ = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &error);
            if (archive_ == nullptr) {
                zip_source_free(source);
            }
        }
        const std::string reason = zip_error_strerror(&error);
        zip_error_fini(&error);
        if (archive_ == nullptr) {
            throw failed(reason);
        }
        zip_register_cancel_callback_with_state(
            archive_, [](zip_t*, void* self) { return static_cast<Writer*>(self)->stopped(); },
            nullptr, this);
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() {
        if (archive_ != nullptr) {
            zip_discard(archive_);
        }
    }

    void add(const ZipEntry& entry, std::time_t time) {
        ZipSource& content = sources_.emplace_back(entry.content);
        zip_source_t* source = zip_source_function(archive_, ZipSource::call, &content);
        const zip_int64_t index =
            source == nullptr ? -1 : zip_file_add(archive_, entry.name.c_str(), source, 0);
        if (index < 0) {
            if (source != nullptr) {
                zip_source_free(source);
            }
            throw failed(zip_strerror(archive_));
        }
        const auto place = static_cast<zip_uint64_t>(index);
        if (zip_set_file_compression(archive_, place, ZIP_CM_STORE, 0) != 0 ||
            zip_file_set_mtime(archive_, place, time, 0) != 0) {
            throw failed(zip_strerror(archive_));
        }
    }

    void finish() {
        if (zip_close(archive_) == 0) {
            archive_ = nullptr;
            return;
        }
        target_.check();
        for (const ZipSource& source : sources_) {
            source.check();
        }
        if (stop_.stop_requested()) {
            throw Error(Code::cancelled, "the archive was stopped while it was written");
        }
        throw failed(zip_strerror(archive_));
    }

  private:
    [[nodiscard]] int stopped() const { return stop_.stop_requested() ? 1 : 0; }
    static Error failed(const std::string& reason) {
        return {Code::internal, fmt::format("the archive cannot be written: {}", reason)};
    }

    Target target_;
    std::stop_token stop_;
    std::list<ZipSource> sources_;
    zip_t* archive_ = nullptr;
};

} // namespace

void write_zip(ByteStore& into, const std::vector<ZipEntry>& entries, std::time_t time,
               const std::stop_token& stop) {
    Writer writer(into, stop);
    for (const ZipEntry& entry : entries) {
        writer.add(entry, time);
    }
    writer.finish();
}

} // namespace phyll::training
