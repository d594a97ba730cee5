#pragma once

#include "drivers/core/journal/header.hpp"
#include "drivers/core/journal/mapped_file.hpp"
#include "drivers/core/journal/records.hpp"
#include "drivers/core/journal/views.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace phyll::journal {

/// A journal, verified and mapped into memory; the order of the records is that of the appending.
///
/// Views point into the mapping and end with the reader. A file that a third party makes shorter
/// under a reader, or a disk that fails under it, is a SIGBUS, as with every mapping.
/// Thread rule: any thread, several at a time.
class Reader {
  public:
    /// Reads all whole records, or those before `through`, a position that a writer gave out as
    /// durable; the latter also while it is written. Every checksum is looked at here and nothing
    /// throws later.
    ///
    /// Throws what `decode_header` throws; DATA_LOSS when a record is damaged (a torn tail is none:
    /// it is where the journal ends), or when the journal ends before `through`;
    /// FAILED_PRECONDITION when it is being written and no position is given; NOT_FOUND,
    /// PERMISSION_DENIED or UNAVAILABLE when it cannot be read.
    explicit Reader(const std::filesystem::path& path,
                    std::optional<Position> through = std::nullopt);
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() = default;

    [[nodiscard]] const Header& header() const noexcept { return header_.header; }
    [[nodiscard]] std::size_t size() const noexcept { return offsets_.size(); } ///< of records
    [[nodiscard]] RecordView record(std::size_t index) const;

    [[nodiscard]] Position end() const noexcept { return end_; }
    /// How many bytes behind the end belong to no whole record.
    [[nodiscard]] std::uint64_t torn_bytes() const noexcept { return torn_bytes_; }
    /// Whether the writer ended in order.
    [[nodiscard]] bool closed() const noexcept { return closed_; }

  private:
    MappedFile file_;
    HeaderBytes header_;
    std::vector<RigCodecs> rigs_;
    std::vector<Position> offsets_;
    Position end_ = 0;
    std::uint64_t torn_bytes_ = 0;
    bool closed_ = false;
};

} // namespace phyll::journal
