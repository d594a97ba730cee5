#pragma once

#include "drivers/core/physical_layer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace phyll::journal {

/// The newest format that is read, and the one that is written.
inline constexpr std::uint32_t format_version = 1;

/// A rig as the records name it: by its place in the header.
struct RigEntry {
    std::string name{}; ///< "cavity"
    std::string kind{}; ///< "acoustic"
    std::uint32_t n_in = 0;
    std::uint32_t n_out = 0;
    StorageFormat stimulus_storage{};
    StorageFormat response_storage{};
};

[[nodiscard]] RigEntry rig_entry(std::string name, const LayerSpec& spec);

/// What a journal is of; constant over its life.
struct Header {
    std::string run{}; ///< the run's id; empty: of no run
    std::uint64_t seed = 0;
    std::array<unsigned char, 32> configuration_hash{};
    std::string kernel_level{}; ///< "x86-64-v4", when the journal was begun
    std::vector<RigEntry> rigs{};
};

/// A header and how it lies in the file.
struct HeaderBytes {
    Header header;
    std::size_t bytes = 0;      ///< the first record's offset, a multiple of 8
    std::uint32_t checksum = 0; ///< of the header; those of the records are continued from it
};

/// Throws INVALID_ARGUMENT, naming the field, when the header cannot be of a journal: no rigs or
/// too many, a rig without inputs or outputs, a format that SampleCodec refuses, a text too long.
[[nodiscard]] std::vector<std::byte> encode_header(const Header& header);

/// Reads the header at the beginning of `file`. Throws, naming `path`: INVALID_ARGUMENT (no
/// journal), DATA_LOSS (damaged), FAILED_PRECONDITION (a newer format).
[[nodiscard]] HeaderBytes decode_header(std::span<const std::byte> file,
                                        const std::filesystem::path& path);

/// Throws FAILED_PRECONDITION, naming `path`, both values and every difference, unless the journal
/// is of the run that is expected. The kernel level may differ: a run may be resumed on another
/// machine, and whoever resumes it says so.
void check_matches(const Header& found, const Header& expected, const std::filesystem::path& path);

} // namespace phyll::journal
