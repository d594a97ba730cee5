#include "daemon/training/data/idx.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/readers/byte_stream.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace phyll::training {
namespace {

constexpr unsigned unsigned_bytes = 0x08;
constexpr std::size_t most_extents = 4;

const char* name_of_type(unsigned type) {
    switch (type) {
    case 0x09:
        return "signed bytes";
    case 0x0b:
        return "16-bit integers";
    case 0x0c:
        return "32-bit integers";
    case 0x0d:
        return "float32";
    case 0x0e:
        return "float64";
    default:
        return nullptr;
    }
}

std::array<unsigned, 4> read_word(ByteStream& stream, std::string_view what) {
    std::array<std::byte, 4> bytes{};
    stream.read(bytes, what);
    std::array<unsigned, 4> word{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        word[i] = std::to_integer<unsigned>(bytes[i]);
    }
    return word;
}

void check_magic(const std::array<unsigned, 4>& magic, const ByteStream& stream,
                 std::string_view purpose, std::size_t least, std::size_t most) {
    const auto [zero, also_zero, type, extents] = magic;
    if (type != unsigned_bytes && zero == 0 && also_zero == 0 && name_of_type(type) != nullptr) {
        stream.fail_at(
            2, fmt::format("the values are {}; unsigned bytes (8) are taken", name_of_type(type)));
    }
    if (zero != 0 || also_zero != 0 || type != unsigned_bytes) {
        stream.fail_at(0, fmt::format("it begins with {:02x} {:02x} {:02x} {:02x}, which is no IDX "
                                      "file of unsigned bytes: that begins with 00 00 08",
                                      zero, also_zero, type, extents));
    }
    if (extents < least || extents > most) {
        stream.fail_at(3, fmt::format("it has {} dimension{}; {} have {}", extents,
                                      extents == 1 ? "" : "s", purpose,
                                      least == most ? fmt::format("{}", least)
                                                    : fmt::format("{} to {}", least, most)));
    }
}

std::vector<std::uint64_t> read_shape(ByteStream& stream, std::string_view purpose,
                                      std::size_t least, std::size_t most) {
    const std::array<unsigned, 4> magic = read_word(stream, "its magic number");
    check_magic(magic, stream, purpose, least, most);
    std::vector<std::uint64_t> shape;
    for (unsigned i = 0; i < magic[3]; ++i) {
        const auto [a, b, c, d] = read_word(stream, "its dimensions");
        shape.push_back(a << 24U | b << 16U | c << 8U | d);
    }
    return shape;
}

void need(const std::string& path, const char* field, const char* what) {
    if (path.empty()) {
        throw invalid_field(field,
                            fmt::format("needed for data of kind idx: the path of the {}", what));
    }
}

Labelled read_pair(const std::string& images, const std::string& labels, double scale,
                   const FileReader& read) {
    return {.inputs = read_idx_images(read(images), images, scale),
            .inputs_from = images,
            .labels = read_idx_labels(read(labels), labels),
            .labels_from = labels};
}

} // namespace

Samples read_idx_images(const DataFile& content, const std::string& file, double scale) {
    const std::unique_ptr<ByteStream> stream = open_stream(content, file);
    const std::vector<std::uint64_t> shape = read_shape(*stream, "images", 2, most_extents);
    const auto [samples, features] = extents_of(shape, fmt::format("{}, byte 4", file));
    const auto [bytes, offset] = stream->keep(std::uint64_t{samples} * features, "its images");
    stream->end();
    const StorageFormat format{.kind = StorageFormat::Kind::u8, .scale = scale};
    Samples images(bytes, offset, format, features, samples);
    if (shape.size() == 3) {
        images.set_image(image_of(shape));
    }
    return images;
}

std::vector<std::int64_t> read_idx_labels(const DataFile& content, const std::string& file) {
    const std::unique_ptr<ByteStream> stream = open_stream(content, file);
    const std::vector<std::uint64_t> shape = read_shape(*stream, "labels", 1, 1);
    const std::size_t count = extents_of(shape, fmt::format("{}, byte 4", file)).samples;
    const auto [bytes, offset] = stream->keep(count, "its labels");
    stream->end();
    std::vector<std::byte> raw(count);
    bytes->read(offset, raw);
    std::vector<std::int64_t> labels;
    labels.reserve(count);
    for (const std::byte label : raw) {
        labels.push_back(std::to_integer<std::int64_t>(label));
    }
    return labels;
}

SplitData load_idx(const phyll::v1::DataSpec& spec, std::uint64_t seed, const FileReader& read) {
    need(spec.file(), "data.file", "images");
    need(spec.label_file(), "data.label_file", "labels");
    if (spec.test_file().empty() != spec.test_label_file().empty()) {
        need(spec.test_file(), "data.test_file", "test images, beside their labels");
        need(spec.test_label_file(), "data.test_label_file", "labels, beside the test images");
    }
    const double scale = spec.has_scale() ? spec.scale() : 1.0 / 255.0;
    const Labelled training = read_pair(spec.file(), spec.label_file(), scale, read);
    std::optional<Labelled> test;
    if (!spec.test_file().empty()) {
        test = read_pair(spec.test_file(), spec.test_label_file(), scale, read);
    }
    return assemble(spec, seed, training, test);
}

} // namespace phyll::training
