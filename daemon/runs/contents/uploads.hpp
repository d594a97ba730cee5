#pragma once

#include "daemon/runs/contents/part_file.hpp"
#include "daemon/runs/store.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/readers/data_file.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace phyll::runs {

/// How much of a content is there.
struct Received {
    std::uint64_t bytes = 0;
    bool complete = false;

    bool operator==(const Received&) const = default;
};

/// Files that clients upload, each kept under the SHA-256 of its content (in hexadecimal digits
/// everywhere here): `FOLDER/HASH`, and `FOLDER/HASH.part` until its last byte has come, or
/// `FOLDER/HASH.removed` while it is removed. Their names are for people.
///
/// What has come survives the death of the process, and whoever sends the content next goes on
/// there. Contents are taken as they are; nothing in them is looked at.
/// Thread rule: any thread.
class Uploads {
  public:
    static constexpr std::uint64_t most_bytes = std::uint64_t{64} << 30U; ///< of a file
    static constexpr std::size_t most_name = 1000;                        ///< bytes

    /// `folder` is made when it is first needed. The store counts only what is whole in it.
    Uploads(std::filesystem::path folder, Store& store, const Clock& clock);

    /// To be called once, before all else: parts that nobody has continued for a week go, and
    /// contents that the store does not know, because it was begun anew, are its again. What was
    /// being removed is gone where the store has forgotten it, and else is there as before.
    void tidy();

    /// Takes the next part of a file, from byte `offset` on. With the last one the file is
    /// complete, and whatever comes of it afterwards is told so. A size other than what was said of
    /// the content before begins it anew.
    ///
    /// Throws OUT_OF_RANGE for another offset than what has come, naming that; DATA_LOSS when the
    /// whole has another hash, and nothing is kept of it; RESOURCE_EXHAUSTED when the disk has no
    /// room, and what had come stays; INVALID_ARGUMENT for a size or a name beyond the limits, or
    /// for more bytes than the size; CANCELLED.
    Received put(const UploadRecord& upload, std::uint64_t offset, std::span<const std::byte> bytes,
                 const std::stop_token& stop = {});

    [[nodiscard]] Received find(const std::string& sha256) const;
    /// The content, if it is complete.
    [[nodiscard]] std::optional<DataFile> open(const std::string& sha256) const;

    /// An upload with what has come of it, in the order of their names.
    struct Listed {
        UploadRecord upload;
        Received received;
    };
    [[nodiscard]] std::vector<Listed> list() const;

    /// Whenever the process dies in it, the whole upload is there at the next start, or nothing.
    /// Throws NOT_FOUND, or FAILED_PRECONDITION naming a run that needs it and is not over.
    void remove(const std::string& sha256);

  private:
    struct Open {
        Open(std::string hash, std::filesystem::path path, const std::stop_token& stop)
            : sha256(std::move(hash)), file(std::move(path), stop) {}

        std::string sha256;
        PartFile file;
    };

    [[nodiscard]] std::filesystem::path whole(const std::string& sha256) const;
    [[nodiscard]] std::filesystem::path part(const std::string& sha256) const;
    [[nodiscard]] std::filesystem::path removed(const std::string& sha256) const;
    void finish_removals();
    /// The part of an upload, made where there is none.
    PartFile& part_of(const UploadRecord& upload, const std::stop_token& stop);
    void begin(const UploadRecord& upload);
    void finish(const std::string& sha256);
    void drop_part(const std::string& sha256);

    const std::filesystem::path folder_;
    Store& store_;
    const Clock& clock_;
    std::mutex mutex_;      ///< for what follows, and so that one part is written at a time
    std::list<Open> parts_; ///< the one that grew last is the last
};

} // namespace phyll::runs
