#pragma once

#include "drivers/core/bytes.hpp"

#include <zip.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>

namespace phyll::training {

/// What libzip reads bytes through. Its calls come from C, so nothing may be thrown through them:
/// an exception waits for `check`. Outlives the archive.
class ZipSource {
  public:
    explicit ZipSource(std::shared_ptr<const ByteSource> content);
    ZipSource(const ZipSource&) = delete;
    ZipSource& operator=(const ZipSource&) = delete;
    ~ZipSource() { zip_error_fini(&error_); }

    static zip_int64_t call(void* self, void* data, zip_uint64_t size, zip_source_cmd_t command) {
        return static_cast<ZipSource*>(self)->answer(data, size, command);
    }
    /// Throws what reading threw.
    void check() const;

  private:
    zip_int64_t answer(void* data, zip_uint64_t size, zip_source_cmd_t command);
    zip_int64_t read(std::span<std::byte> into) noexcept;
    zip_int64_t seek(void* data, zip_uint64_t size);
    zip_int64_t stat(void* data, zip_uint64_t size);

    std::shared_ptr<const ByteSource> content_;
    std::uint64_t position_ = 0;
    zip_error_t error_{};
    std::exception_ptr failure_;
};

} // namespace phyll::training
