#include "drivers/core/journal/header.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/journal/layout.hpp"
#include "drivers/core/sample_codec.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace phyll::journal {
namespace {

using layout::get;
using layout::padded;

constexpr std::size_t fixed_bytes = 64;
constexpr std::size_t at_version = 8;
constexpr std::size_t at_length = 12;
constexpr std::size_t at_seed = 16;
constexpr std::size_t at_configuration = 24;
constexpr std::size_t at_rigs = 56;
constexpr std::size_t checksum_bytes = 8; ///< of which the last four are the checksum
constexpr std::size_t max_text = 4096;
constexpr std::size_t max_rigs = 4096;
constexpr std::uint32_t max_channels = 1U << 20U;
constexpr std::uint32_t formats = 4;

class Writing {
  public:
    template <class T>
    void value(const T& value) {
        const auto* from = reinterpret_cast<const std::byte*>(&value);
        bytes.insert(bytes.end(), from, from + sizeof value);
    }
    void text(std::string_view text) {
        value(static_cast<std::uint32_t>(text.size()));
        const auto* from = reinterpret_cast<const std::byte*>(text.data());
        bytes.insert(bytes.end(), from, from + text.size());
        bytes.resize(padded(bytes.size()));
    }
    void format(const StorageFormat& format) {
        value(static_cast<std::uint32_t>(format.kind));
        value(std::uint32_t{0});
        value(format.scale);
        value(format.offset);
    }

    std::vector<std::byte> bytes;
};

/// Reads on, and knows when there is nothing left.
class Reading {
  public:
    explicit Reading(std::span<const std::byte> bytes) : rest_(bytes) {}

    template <class T>
    T value() {
        if (rest_.size() < sizeof(T)) {
            failed_ = true;
            return T{};
        }
        const T value = get<T>(rest_, 0);
        rest_ = rest_.subspan(sizeof(T));
        return value;
    }
    std::string text() {
        const auto length = value<std::uint32_t>();
        const std::uint64_t taken = padded(sizeof length + std::uint64_t{length}) - sizeof length;
        if (failed_ || taken > rest_.size()) {
            failed_ = true;
            return {};
        }
        std::string text(reinterpret_cast<const char*>(rest_.data()), length);
        rest_ = rest_.subspan(taken);
        return text;
    }
    StorageFormat format() {
        StorageFormat format;
        const auto kind = value<std::uint32_t>();
        failed_ = failed_ || kind >= formats;
        format.kind = static_cast<StorageFormat::Kind>(kind);
        failed_ = value<std::uint32_t>() != 0 || failed_;
        format.scale = value<double>();
        format.offset = value<double>();
        return format;
    }
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] bool finished() const noexcept { return !failed_ && rest_.empty(); }

  private:
    std::span<const std::byte> rest_;
    bool failed_ = false;
};

void check_text(const std::string& field, std::string_view text) {
    if (text.size() > max_text) {
        throw invalid_field(field,
                            fmt::format("{} bytes; valid is at most {}", text.size(), max_text));
    }
}

void check_channels(const std::string& field, std::uint32_t channels) {
    if (channels == 0 || channels > max_channels) {
        throw invalid_field(field, fmt::format("{}; valid is 1 to {}", channels, max_channels));
    }
}

void check(const RigEntry& rig, std::size_t index) {
    const std::string field = fmt::format("rigs[{}]", index);
    check_text(field + ".name", rig.name);
    check_text(field + ".kind", rig.kind);
    check_channels(field + ".n_in", rig.n_in);
    check_channels(field + ".n_out", rig.n_out);
    try {
        static_cast<void>(SampleCodec(rig.stimulus_storage, rig.n_in));
        static_cast<void>(SampleCodec(rig.response_storage, rig.n_out));
    } catch (const Error& error) {
        throw error_of(field, error);
    }
}

void check(const Header& header) {
    check_text("run", header.run);
    check_text("kernel_level", header.kernel_level);
    if (header.rigs.empty() || header.rigs.size() > max_rigs) {
        throw invalid_field("rigs",
                            fmt::format("{}; valid is 1 to {}", header.rigs.size(), max_rigs));
    }
    for (std::size_t i = 0; i < header.rigs.size(); ++i) {
        check(header.rigs[i], i);
    }
}

Header decode_fields(Reading& reading) {
    Header header;
    static_cast<void>(reading.value<std::array<char, at_seed>>());
    header.seed = reading.value<std::uint64_t>();
    header.configuration_hash = reading.value<decltype(header.configuration_hash)>();
    const auto rigs = reading.value<std::uint32_t>();
    static_cast<void>(reading.value<std::uint32_t>());
    header.run = reading.text();
    header.kernel_level = reading.text();
    for (std::uint32_t i = 0; i < rigs && !reading.failed(); ++i) {
        RigEntry rig;
        rig.name = reading.text();
        rig.kind = reading.text();
        rig.n_in = reading.value<std::uint32_t>();
        rig.n_out = reading.value<std::uint32_t>();
        rig.stimulus_storage = reading.format();
        rig.response_storage = reading.format();
        header.rigs.push_back(std::move(rig));
    }
    return header;
}

[[noreturn]] void refuse_damaged(const std::filesystem::path& path, const std::string& why) {
    throw Error(Code::data_loss,
                fmt::format("the header of the journal {} is damaged: {}; nothing in it can be "
                            "trusted",
                            path.string(), why));
}

/// The header's length, its magic and checksum looked at.
std::size_t checked_length(std::span<const std::byte> file, const std::filesystem::path& path) {
    const std::size_t common = std::min(file.size(), layout::magic.size());
    if (common < layout::magic.size() ||
        std::memcmp(file.data(), layout::magic.data(), common) != 0) {
        throw Error(Code::invalid_argument,
                    fmt::format("{} is no journal: it does not begin with '{}'", path.string(),
                                std::string_view(layout::magic.data(), layout::magic.size())));
    }
    if (file.size() < fixed_bytes + checksum_bytes) {
        refuse_damaged(path, fmt::format("the file ends at byte {}, inside of it", file.size()));
    }
    const std::size_t length = get<std::uint32_t>(file, at_length);
    if (length < fixed_bytes + checksum_bytes || length > layout::max_header_bytes ||
        length % layout::alignment != 0) {
        refuse_damaged(path, fmt::format("its length at byte {} is {}", at_length, length));
    }
    if (length > file.size()) {
        refuse_damaged(path, fmt::format("its length at byte {} is {}, but the file has {} bytes",
                                         at_length, length, file.size()));
    }
    return length;
}

bool same(const StorageFormat& a, const StorageFormat& b) {
    const bool scaled =
        a.kind == StorageFormat::Kind::u8 || a.kind == StorageFormat::Kind::u16_scaled;
    return a.kind == b.kind && (!scaled || (a.scale == b.scale && a.offset == b.offset));
}

std::vector<std::string> differences(const RigEntry& found, const RigEntry& expected) {
    std::vector<std::string> lines;
    const auto differ = [&](std::string_view what, const auto& a, const auto& b) {
        if (a != b) {
            lines.push_back(
                fmt::format("{} of rig {}: {}, not {}", what, in_quotes(expected.name), a, b));
        }
    };
    differ("name", in_quotes(found.name), in_quotes(expected.name));
    differ("kind", in_quotes(found.kind), in_quotes(expected.kind));
    differ("n_in", found.n_in, expected.n_in);
    differ("n_out", found.n_out, expected.n_out);
    if (!same(found.stimulus_storage, expected.stimulus_storage)) {
        lines.push_back(fmt::format("how stimuli of rig {} are stored", in_quotes(expected.name)));
    }
    if (!same(found.response_storage, expected.response_storage)) {
        lines.push_back(
            fmt::format("how responses of rig {} are stored", in_quotes(expected.name)));
    }
    return lines;
}

} // namespace

RigEntry rig_entry(std::string name, const LayerSpec& spec) {
    return {.name = std::move(name),
            .kind = spec.kind,
            .n_in = static_cast<std::uint32_t>(spec.n_in()),
            .n_out = static_cast<std::uint32_t>(spec.n_out()),
            .stimulus_storage = spec.stimulus_storage,
            .response_storage = spec.response_storage};
}

std::vector<std::byte> encode_header(const Header& header) {
    check(header);
    Writing out;
    out.value(layout::magic);
    out.value(format_version);
    out.value(std::uint32_t{0});
    out.value(header.seed);
    out.value(header.configuration_hash);
    out.value(static_cast<std::uint32_t>(header.rigs.size()));
    out.value(std::uint32_t{0});
    out.text(header.run);
    out.text(header.kernel_level);
    for (const RigEntry& rig : header.rigs) {
        out.text(rig.name);
        out.text(rig.kind);
        out.value(rig.n_in);
        out.value(rig.n_out);
        out.format(rig.stimulus_storage);
        out.format(rig.response_storage);
    }
    const std::size_t length = out.bytes.size() + checksum_bytes;
    if (length > layout::max_header_bytes) {
        throw invalid_field("rigs", fmt::format("their names take {} bytes; valid is at most {}",
                                                length, layout::max_header_bytes));
    }
    layout::put(out.bytes, at_length, static_cast<std::uint32_t>(length));
    out.value(std::uint32_t{0});
    out.value(layout::checksum(0, out.bytes));
    return std::move(out.bytes);
}

HeaderBytes decode_header(std::span<const std::byte> file, const std::filesystem::path& path) {
    const std::size_t length = checked_length(file, path);
    const std::size_t at_checksum = length - sizeof(std::uint32_t);
    const auto stored = get<std::uint32_t>(file, at_checksum);
    const std::uint32_t found = layout::checksum(0, file.first(at_checksum));
    if (stored != found) {
        refuse_damaged(path, fmt::format("its checksum at byte {} is {:08x}, expected {:08x}",
                                         at_checksum, stored, found));
    }
    const auto version = get<std::uint32_t>(file, at_version);
    if (version != format_version) {
        throw Error(Code::failed_precondition,
                    fmt::format("the journal {} has format version {}, this program reads {}; use "
                                "the program that wrote it, or a newer one",
                                path.string(), version, format_version));
    }
    Reading reading(file.first(length - checksum_bytes));
    Header header = decode_fields(reading);
    if (!reading.finished()) {
        refuse_damaged(path, "its fields do not fill it");
    }
    try {
        check(header);
    } catch (const Error& error) {
        refuse_damaged(path, error.what());
    }
    return {.header = std::move(header), .bytes = length, .checksum = stored};
}

void check_matches(const Header& found, const Header& expected, const std::filesystem::path& path) {
    std::vector<std::string> lines;
    const auto differ = [&](std::string_view what, const auto& a, const auto& b) {
        if (a != b) {
            lines.push_back(fmt::format("{}: {}, not {}", what, a, b));
        }
    };
    differ("run", in_quotes(found.run), in_quotes(expected.run));
    differ("seed", found.seed, expected.seed);
    if (found.configuration_hash != expected.configuration_hash) {
        lines.push_back(fmt::format("configuration: {:02x}, not {:02x}",
                                    fmt::join(found.configuration_hash, ""),
                                    fmt::join(expected.configuration_hash, "")));
    }
    differ("number of rigs", found.rigs.size(), expected.rigs.size());
    for (std::size_t i = 0; i < std::min(found.rigs.size(), expected.rigs.size()); ++i) {
        std::ranges::move(differences(found.rigs[i], expected.rigs[i]), std::back_inserter(lines));
    }
    if (!lines.empty()) {
        throw Error(Code::failed_precondition,
                    fmt::format("the journal {} belongs to something else: {}", path.string(),
                                fmt::join(lines, "; ")));
    }
}

} // namespace phyll::journal
