#include "daemon/runs/export/bundle.hpp"

#include "daemon/runs/result_file.hpp"
#include "daemon/runs/state_dir.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

namespace phyll::runs {
namespace {

constexpr std::size_t extracted_piece = std::size_t{1} << 16U;
/// Manifests and messages in JSON are far smaller.
constexpr std::uint64_t most_text = std::uint64_t{64} << 20U;

Error damaged(const std::string& file, const std::string& name, const std::string& why) {
    return {Code::data_loss,
            fmt::format("{} ({}): {}; the bundle was damaged or changed: get it again", file, name,
                        why)};
}

/// Hands the bytes of an entry to `use`, part by part. What the archive says of it being damaged
/// becomes DATA_LOSS.
template <class Use>
void read_entry(const training::ZipArchive& archive, const std::string& file,
                const std::string& name, const Use& use) {
    if (!archive.has(name)) {
        throw damaged(file, name, "it is missing");
    }
    try {
        const std::unique_ptr<ByteStream> stream = archive.open(name);
        std::vector<std::byte> buffer(extracted_piece);
        for (std::size_t count = extracted_piece; count == extracted_piece;) {
            count = stream->read_some(buffer);
            use(std::span<const std::byte>(buffer).first(count));
        }
        stream->end();
    } catch (const Error& error) {
        if (error.code() != Code::invalid_argument) {
            throw;
        }
        throw damaged(file, name, error.what());
    }
}

std::string text_of(const training::ZipArchive& archive, const std::string& file,
                    const std::string& name) {
    std::string text;
    read_entry(archive, file, name, [&](std::span<const std::byte> part) {
        if (text.size() + part.size() > most_text) {
            throw damaged(file, name, fmt::format("it has more than {} bytes", most_text));
        }
        text.append(reinterpret_cast<const char*>(part.data()), part.size());
    });
    return text;
}

} // namespace

Bundle::Bundle(const DataFile& content, std::string file)
    : file_(std::move(file)),
      archive_(content, file_),
      manifest_(parse_manifest(text_of(archive_, file_, manifest_name), file_)) {
    check_nothing_else();
    for (const BundledFile& bundled : manifest_.files) {
        check(bundled);
    }
}

void Bundle::check(const BundledFile& entry) const {
    Sha256 sum;
    std::uint64_t size = 0;
    read_entry(archive_, file_, entry.name, [&](std::span<const std::byte> part) {
        sum.add(part);
        size += part.size();
    });
    if (size != entry.size) {
        throw damaged(file_, entry.name,
                      fmt::format("it has {} bytes, the manifest says {}", size, entry.size));
    }
    if (const std::string found = to_hex(sum.digest()); found != entry.sha256) {
        throw damaged(file_, entry.name,
                      fmt::format("its SHA-256 is {}, the manifest says {}", found, entry.sha256));
    }
}

void Bundle::check_nothing_else() const {
    std::vector<std::string> names = archive_.entries();
    std::ranges::sort(names);
    if (const auto twice = std::ranges::adjacent_find(names); twice != names.end()) {
        throw damaged(file_, *twice, "it is there twice");
    }
    for (const std::string& name : names) {
        if (name != manifest_name && !has(name)) {
            throw damaged(file_, utf8(name), "the manifest does not name it");
        }
    }
}

bool Bundle::has(const std::string& name) const {
    return std::ranges::find(manifest_.files, name, &BundledFile::name) != manifest_.files.end();
}

const BundledFile& Bundle::entry(const std::string& name) const {
    const auto found = std::ranges::find(manifest_.files, name, &BundledFile::name);
    if (found == manifest_.files.end()) {
        throw Error(Code::not_found, fmt::format("{} has no {}", file_, in_quotes(name)));
    }
    return *found;
}

std::string Bundle::text(const std::string& name) const {
    return text_of(archive_, file_, entry(name).name);
}

void Bundle::parse(const std::string& name, google::protobuf::Message& message) const {
    from_json(text(name), message, fmt::format("{} ({})", file_, name));
}

v1::RunSpec Bundle::spec() const {
    v1::RunSpec spec;
    parse("spec.json", spec);
    return spec;
}

v1::Conditions Bundle::conditions() const {
    v1::Conditions conditions;
    parse("conditions.json", conditions);
    return conditions;
}

v1::RunResult Bundle::result() const {
    v1::RunResult result;
    parse("result.json", result);
    return result;
}

void Bundle::extract(const std::string& name, const std::filesystem::path& path) const {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    read_entry(archive_, file_, entry(name).name, [&](std::span<const std::byte> part) {
        out.write(reinterpret_cast<const char*>(part.data()),
                  static_cast<std::streamsize>(part.size()));
    });
    out.close();
    if (!out) {
        throw file_error(errno, fmt::format("{} cannot be written", path.string()));
    }
}

} // namespace phyll::runs
