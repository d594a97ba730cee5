#include "drivers/core/journal/scan.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/journal/layout.hpp"

#include <fmt/format.h>

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace phyll::journal {
namespace {

using layout::Head;
using layout::RecordType;

/// A whole record, or what is wrong with it.
struct Look {
    std::optional<Head> head;
    std::string wrong;
};

Look look_at(std::span<const std::byte> file, Position at, std::uint32_t header_checksum) {
    const std::optional<Head> head = layout::head_at(file, at, header_checksum);
    if (!head) {
        return {.head = {}, .wrong = "expected the head of a record, with its offset and checksum"};
    }
    if (head->bytes > file.size() - at) {
        return {.head = {},
                .wrong = fmt::format("expected a record of {} bytes, but the file ends "
                                     "after {} of them",
                                     head->bytes, file.size() - at)};
    }
    const std::span<const std::byte> body =
        file.subspan(at + layout::head_bytes, head->bytes - layout::head_bytes);
    const std::uint32_t sum = layout::checksum(header_checksum, body);
    if (sum != head->body_checksum) {
        return {.head = {},
                .wrong = fmt::format("expected a record of {} bytes with checksum "
                                     "{:08x}, found {:08x}",
                                     head->bytes, head->body_checksum, sum)};
    }
    return {.head = head, .wrong = {}};
}

/// The first record behind `at` that was written when `at` was durable.
std::optional<Position> proof_of_loss(std::span<const std::byte> file, Position at,
                                      std::uint32_t header_checksum) {
    for (Position next = at + layout::alignment; next < file.size(); next += layout::alignment) {
        const std::optional<Head> head = layout::head_at(file, next, header_checksum);
        if (head && head->synced > at) {
            return next;
        }
    }
    return std::nullopt;
}

[[noreturn]] void refuse(const std::filesystem::path& path, Position at, const std::string& wrong,
                         const std::string& why) {
    throw Error(Code::data_loss, fmt::format("the journal {} is damaged at byte {}: {}; {}",
                                             path.string(), at, wrong, why));
}

std::optional<RecordView> parse(std::span<const std::byte> record, RecordType type,
                                std::span<const RigCodecs> rigs) {
    const auto wrap = [](auto view) {
        return view ? std::optional<RecordView>(std::move(*view)) : std::nullopt;
    };
    switch (type) {
    case RecordType::facts:
        return wrap(FactsView::of(record, rigs));
    case RecordType::raw:
        return wrap(raw_of(record, rigs.size()));
    case RecordType::mark:
        return wrap(mark_of(record, rigs.size()));
    case RecordType::origins:
        return wrap(OriginsView::of(record, rigs.size()));
    case RecordType::closed:
        break;
    }
    return std::nullopt;
}

/// Refuses what was written as it is, but not by a writer of this format.
void check_content(std::span<const std::byte> record, RecordType type,
                   std::span<const RigCodecs> rigs, Position at,
                   const std::filesystem::path& path) {
    const bool sound = type == RecordType::closed ? record.size() == layout::head_bytes
                                                  : parse(record, type, rigs).has_value();
    if (!sound) {
        refuse(path, at,
               fmt::format("a record of type {} whose fields contradict each other",
                           static_cast<std::uint32_t>(type)),
               "its checksum is right, so it was written like this");
    }
}

} // namespace

Scan scan(std::span<const std::byte> file, const HeaderBytes& header,
          std::span<const RigCodecs> rigs, Position through, const std::filesystem::path& path,
          const std::function<void(Position)>& found) {
    Scan result{.end = header.bytes};
    while (result.end < file.size()) {
        const Position at = result.end;
        const Look look = look_at(file, at, header.checksum);
        if (!look.head) {
            if (at < through) {
                refuse(path, at, look.wrong,
                       fmt::format("it was durable through byte {}", through));
            }
            if (const auto proof = proof_of_loss(file, at, header.checksum)) {
                refuse(path, at, look.wrong,
                       fmt::format("the record at byte {} was written after it", *proof));
            }
            break;
        }
        const auto type = static_cast<RecordType>(look.head->type);
        check_content(file.subspan(at, look.head->bytes), type, rigs, at, path);
        result.closed = type == RecordType::closed;
        if (found && !result.closed) {
            found(at);
        }
        result.end += look.head->bytes;
    }
    if (result.end < through) {
        refuse(path, result.end, "it ends there",
               fmt::format("it was durable through byte {}", through));
    }
    return result;
}

RecordView record_at(std::span<const std::byte> file, Position offset,
                     std::span<const RigCodecs> rigs) {
    const auto bytes = layout::get<std::uint32_t>(file, offset + 8);
    const auto type = layout::get<RecordType>(file, offset + 12);
    std::optional<RecordView> view = parse(file.subspan(offset, bytes), type, rigs);
    assert(view);
    return std::move(*view);
}

std::vector<RigCodecs> codecs_of(const Header& header) {
    return {header.rigs.begin(), header.rigs.end()};
}

} // namespace phyll::journal
