#include "daemon/training/data/zip_source.hpp"

#include <algorithm>
#include <utility>

namespace phyll::training {

ZipSource::ZipSource(std::shared_ptr<const ByteSource> content) : content_(std::move(content)) {
    zip_error_init(&error_);
}

void ZipSource::check() const {
    if (failure_) {
        std::rethrow_exception(failure_);
    }
}

zip_int64_t ZipSource::answer(void* data, zip_uint64_t size, zip_source_cmd_t command) {
    switch (command) {
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_SUPPORTS, ZIP_SOURCE_OPEN, ZIP_SOURCE_READ,
                                              ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
                                              ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
                                              -1);
    case ZIP_SOURCE_OPEN:
        position_ = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return read({static_cast<std::byte*>(data), size});
    case ZIP_SOURCE_SEEK:
        return seek(data, size);
    case ZIP_SOURCE_TELL:
        return static_cast<zip_int64_t>(position_);
    case ZIP_SOURCE_STAT:
        return stat(data, size);
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&error_, data, size);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE: // somebody else owns this
        return 0;
    default:
        zip_error_set(&error_, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
}

zip_int64_t ZipSource::read(std::span<std::byte> into) noexcept {
    try {
        const std::uint64_t left = content_->size() - position_;
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, into.size()));
        content_->read(position_, into.first(count));
        position_ += count;
        return static_cast<zip_int64_t>(count);
    } catch (...) {
        failure_ = std::current_exception();
        zip_error_set(&error_, ZIP_ER_READ, 0);
        return -1;
    }
}

zip_int64_t ZipSource::seek(void* data, zip_uint64_t size) {
    const zip_int64_t place =
        zip_source_seek_compute_offset(position_, content_->size(), data, size, &error_);
    if (place < 0) {
        return -1;
    }
    position_ = static_cast<std::uint64_t>(place);
    return 0;
}

zip_int64_t ZipSource::stat(void* data, zip_uint64_t size) {
    zip_stat_t* status = ZIP_SOURCE_GET_ARGS(zip_stat_t, data, size, &error_);
    if (status == nullptr) {
        return -1;
    }
    zip_stat_init(status);
    status->size = content_->size();
    status->valid |= ZIP_STAT_SIZE;
    return sizeof *status;
}

} // namespace phyll::training
