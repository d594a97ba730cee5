#pragma once

#include "drivers/core/journal/header.hpp"
#include "drivers/core/journal/records.hpp"
#include "drivers/core/journal/views.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

namespace phyll::journal {

/// Where the whole records of a journal end.
struct Scan {
    Position end = 0;
    bool closed = false; ///< the last record says that the writer ended in order
};

/// Looks at every record of `file`, whose header is `header`, checksums included; `found` gets the
/// offset of each that has something in it.
///
/// A record that is not whole ends the file when nothing behind it shows that it ever was durable:
/// what had not been synced when the power went may be missing in any part. Otherwise, and when it
/// is not `through`, this throws DATA_LOSS with `path`, offset and what was expected.
[[nodiscard]] Scan scan(std::span<const std::byte> file, const HeaderBytes& header,
                        std::span<const RigCodecs> rigs, Position through,
                        const std::filesystem::path& path,
                        const std::function<void(Position offset)>& found = {});

/// The record at an offset that `scan` found.
[[nodiscard]] RecordView record_at(std::span<const std::byte> file, Position offset,
                                   std::span<const RigCodecs> rigs);

[[nodiscard]] std::vector<RigCodecs> codecs_of(const Header& header);

} // namespace phyll::journal
