#include "daemon/training/data/zip_archive.hpp"

#include "daemon/training/data/zip_source.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <utility>

namespace phyll::training {
namespace {

/// An entry, unpacked.
class EntryStream final : public ByteStream {
  public:
    EntryStream(std::string name, zip_file_t* entry, std::uint64_t most, const ZipSource& source)
        : ByteStream(std::move(name)), entry_(entry), most_(most), source_(source) {}
    ~EntryStream() override { zip_fclose(entry_); }

    [[nodiscard]] std::uint64_t most() const override { return most_; }

  protected:
    std::size_t next(std::span<std::byte> into) override {
        const zip_int64_t count = zip_fread(entry_, into.data(), into.size());
        if (count < 0) {
            source_.check();
            fail(fmt::format("it cannot be unpacked: {}", zip_file_strerror(entry_)));
        }
        return static_cast<std::size_t>(count);
    }

  private:
    zip_file_t* entry_;
    std::uint64_t most_;
    const ZipSource& source_;
};

} // namespace

struct ZipArchive::Handle {
    explicit Handle(const DataFile& content) : source(content.bytes()) {}
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() {
        if (archive != nullptr) {
            zip_discard(archive);
        }
    }

    ZipSource source;
    zip_t* archive = nullptr;
};

namespace {

/// Whether a file begins as an archive does: with an entry's header, which is 30 bytes and more.
bool begins_as_zip(const DataFile& content) {
    constexpr std::array magic{std::byte{'P'}, std::byte{'K'}, std::byte{3}, std::byte{4}};
    std::array<std::byte, magic.size()> first{};
    if (content.size() >= first.size()) {
        content.bytes()->read(0, first);
    }
    return first == magic;
}

/// An archive is opened by its directory, which is its end.
Error unreadable(const DataFile& content, const std::string& file, int code,
                 const std::string& reason) {
    const std::string what =
        code == ZIP_ER_NOZIP && begins_as_zip(content)
            ? fmt::format("{}, byte {}: its end is missing, where a zip archive has its directory: "
                          "the file is cut off or was not copied as a whole",
                          file, content.size())
            : fmt::format("{}, byte 0: it cannot be read as a zip archive: {}", file, reason);
    return {Code::invalid_argument, what};
}

} // namespace

ZipArchive::ZipArchive(const DataFile& content, std::string file)
    : file_(std::move(file)), handle_(std::make_unique<Handle>(content)) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_function_create(ZipSource::call, &handle_->source, &error);
    if (source != nullptr) {
        handle_->archive = zip_open_from_source(source, ZIP_RDONLY, &error);
        if (handle_->archive == nullptr) {
            zip_source_free(source);
        }
    }
    const std::string reason = zip_error_strerror(&error);
    const int code = zip_error_code_zip(&error);
    zip_error_fini(&error);
    if (handle_->archive == nullptr) {
        handle_->source.check();
        throw unreadable(content, file_, code, reason);
    }
}

ZipArchive::~ZipArchive() = default;

std::vector<std::string> ZipArchive::entries() const {
    std::vector<std::string> names;
    const zip_int64_t count = zip_get_num_entries(handle_->archive, 0);
    for (zip_int64_t i = 0; i < count; ++i) {
        const char* name = zip_get_name(handle_->archive, static_cast<zip_uint64_t>(i), 0);
        names.emplace_back(name == nullptr ? "" : name);
    }
    return names;
}

bool ZipArchive::has(const std::string& entry) const {
    return zip_name_locate(handle_->archive, entry.c_str(), 0) >= 0;
}

std::unique_ptr<ByteStream> ZipArchive::open(const std::string& entry) const {
    const std::string name = fmt::format("{} ({})", file_, entry);
    zip_stat_t status;
    zip_stat_init(&status);
    zip_file_t* opened = nullptr;
    if (zip_stat(handle_->archive, entry.c_str(), 0, &status) == 0) {
        opened = zip_fopen_index(handle_->archive, status.index, 0);
    }
    constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
    if (opened == nullptr || (status.valid & needed) != needed) {
        if (opened != nullptr) {
            zip_fclose(opened);
        }
        handle_->source.check();
        throw Error(Code::invalid_argument, fmt::format("{}, byte 0: it cannot be opened: {}", name,
                                                        zip_strerror(handle_->archive)));
    }
    const bool packed =
        (status.valid & ZIP_STAT_COMP_METHOD) != 0 && status.comp_method != ZIP_CM_STORE;
    const std::uint64_t most = std::min<std::uint64_t>(
        status.size, packed ? most_unpacked(status.comp_size) : status.comp_size);
    return std::make_unique<EntryStream>(name, opened, most, handle_->source);
}

} // namespace phyll::training
