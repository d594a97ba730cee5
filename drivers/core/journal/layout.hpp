#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

/// How records lie in the file: what the writer and the reader have in common. docs/journal.md says
/// the same byte by byte.
namespace phyll::journal::layout {

inline constexpr std::array<char, 8> magic{'P', 'H', 'Y', 'L', 'L', 'J', 'R', 'N'};
inline constexpr std::size_t alignment = 8;
inline constexpr std::size_t head_bytes = 32; ///< of a record
inline constexpr std::size_t max_record_bytes = std::size_t{1} << 30U;
inline constexpr std::size_t max_header_bytes = std::size_t{1} << 24U;

inline constexpr std::size_t facts_bytes = 72; ///< what comes before the arrays, the head included
inline constexpr std::size_t raw_bytes = 64;
inline constexpr std::size_t mark_bytes = 72;
inline constexpr std::size_t origins_bytes = 56;

enum class RecordType : std::uint32_t { facts = 1, raw = 2, mark = 3, closed = 4, origins = 5 };

[[nodiscard]] constexpr std::uint64_t padded(std::uint64_t bytes) {
    return (bytes + alignment - 1) / alignment * alignment;
}

/// CRC-32 (that of zlib and Ethernet) of `bytes`, continued from `from`.
[[nodiscard]] std::uint32_t checksum(std::uint32_t from, std::span<const std::byte> bytes);

template <class T>
[[nodiscard]] T get(std::span<const std::byte> bytes, std::size_t at) {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, &bytes[at], sizeof value);
    return value;
}

template <class T>
void put(std::span<std::byte> bytes, std::size_t at, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memcpy(&bytes[at], &value, sizeof value);
}

/// A record of so many bytes, padding included, all 0 but length and type.
[[nodiscard]] std::vector<std::byte> new_record(RecordType type, std::size_t bytes);

/// Fills in what is known only when a record's place is: `position`, how far the file was durable
/// then, and the checksums, continued from the header's.
void seal(std::span<std::byte> record, std::uint64_t position, std::uint64_t synced,
          std::uint32_t header_checksum);

/// The first 32 bytes of a record.
struct Head {
    std::uint64_t position = 0;
    std::uint32_t bytes = 0;
    std::uint32_t type = 0;
    std::uint64_t synced = 0;
    std::uint32_t body_checksum = 0;
};

/// The head at `position` of `file`; nothing unless it is one, of this journal, written there.
[[nodiscard]] std::optional<Head> head_at(std::span<const std::byte> file, std::uint64_t position,
                                          std::uint32_t header_checksum);

} // namespace phyll::journal::layout
