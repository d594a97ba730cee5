#pragma once

#include "drivers/core/error.hpp"
#include "drivers/core/journal/reader.hpp"
#include "drivers/core/journal/writer.hpp"
#include "drivers/core/random.hpp"
#include "tests/support/paths.hpp"
#include "tests/unit/journal/test_disk.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace phyll::journal::test {

/// A block of facts that owns what it says.
struct OwnedFacts {
    std::uint32_t rig = 0;
    Purpose purpose = Purpose::training;
    std::uint64_t key = 0;
    std::uint64_t first_number = 0;
    std::uint32_t layer = 0;
    std::uint32_t era = 0;
    OwnedBlock stimuli;
    OwnedBlock responses;
    std::vector<StimulusHash> hashes;
    std::vector<FactTime> times;

    [[nodiscard]] Facts view() const;
};

/// A run with a rig for each storage format: 'bits' (11 in, 3 out, stimuli in bits), 'u8', 'u16'
/// and 'float', whose responses are in the format of the name, and whose stimuli are float32.
[[nodiscard]] Header every_format();
/// A run with one rig, 'echo', of 3 inputs and 2 outputs in float32.
[[nodiscard]] Header one_rig();

/// Facts that a rig of `header` could have measured: values that its formats keep, all else
/// arbitrary, each a function of (seed, first_number).
[[nodiscard]] OwnedFacts some_facts(const Header& header, std::uint32_t rig,
                                    std::uint64_t first_number, std::size_t samples,
                                    std::uint64_t seed = 1);

/// REQUIREs that all of it is the same.
void require_same(const FactsView& found, const OwnedFacts& expected);

/// A journal of some records, among them every type; closed. Returns where each ends.
std::vector<Position> write_small(const WriterOptions& options);

/// Options for a journal in `folder`, on `disk`.
[[nodiscard]] WriterOptions options_in(const std::filesystem::path& folder, const Header& header,
                                       const TestDisk& disk = {});

[[nodiscard]] std::vector<std::byte> content_of(const std::filesystem::path& path);
void put_content(const std::filesystem::path& path, const std::vector<std::byte>& content);

/// CRC-32 bit by bit, as docs/journal.md says it, continued from `from`.
[[nodiscard]] std::uint32_t crc32_by_bits(std::uint32_t from, std::span<const std::byte> bytes);
/// Makes the checksums of the record at `at` right again, by hand.
void make_checksums_right(std::vector<std::byte>& file, std::size_t at);

/// The code that `call` throws; OK when it throws nothing.
template <class Call>
Code code_of(const Call& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.code();
    }
    return Code::ok;
}

} // namespace phyll::journal::test
