#include "daemon/training/data/numpy.hpp"

#include "daemon/training/data/zip_archive.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/npy_header.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace phyll::training {
namespace {

using Type = NpyHeader::Type;

constexpr const char* values_of_array = "its values";
/// Values that are converted at a time.
constexpr std::size_t at_a_time = 8192;

/// The number of bytes of all values, none of which was read yet.
std::uint64_t expect_values(ByteStream& stream, const NpyHeader& header) {
    const std::uint64_t values = header.values();
    if (values > UINT64_MAX / header.item_bytes) {
        stream.fail(
            fmt::format("the shape {} is larger than any file", fmt::join(header.shape, " x ")));
    }
    stream.expect(values * header.item_bytes, values_of_array);
    return values * header.item_bytes;
}

template <class Number>
Number number_at(std::span<const std::byte> bytes, std::size_t index) {
    Number number{};
    std::memcpy(&number, &bytes[index * sizeof number], sizeof number);
    return number;
}

/// The value of that type at an index, as float64.
double value_at(Type type, std::span<const std::byte> bytes, std::size_t index) {
    switch (type) {
    case Type::i1:
        return number_at<std::int8_t>(bytes, index);
    case Type::i2:
        return number_at<std::int16_t>(bytes, index);
    case Type::i4:
        return number_at<std::int32_t>(bytes, index);
    case Type::i8:
        return static_cast<double>(number_at<std::int64_t>(bytes, index));
    case Type::f4:
        return static_cast<double>(number_at<float>(bytes, index));
    case Type::f8:
        return number_at<double>(bytes, index);
    default:
        return number_at<std::uint8_t>(bytes, index);
    }
}

std::int64_t integer_at(Type type, std::span<const std::byte> bytes, std::size_t index) {
    return type == Type::i8 ? number_at<std::int64_t>(bytes, index)
                            : static_cast<std::int64_t>(value_at(type, bytes, index));
}

/// Reads all values, some at a time: use(first, bytes) gets those from number `first` on.
void for_each_piece(ByteStream& stream, const NpyHeader& header, std::size_t values,
                    const std::function<void(std::size_t, std::span<const std::byte>)>& use) {
    std::vector<std::byte> buffer(std::min(at_a_time, values) * header.item_bytes);
    for (std::size_t first = 0; first < values; first += at_a_time) {
        const std::size_t count = std::min(at_a_time, values - first);
        const std::span<std::byte> piece = std::span(buffer).first(count * header.item_bytes);
        stream.read(piece, values_of_array);
        use(first, piece);
    }
}

float checked(double value, double scale, std::uint64_t place, const ByteStream& stream) {
    const auto number = static_cast<float>(value * scale);
    if (!std::isfinite(number)) {
        stream.fail_at(place, fmt::format("the value is {}; finite numbers of float32's range are "
                                          "needed",
                                          value));
    }
    return number;
}

/// Of bytes or float32 that are kept as they are: whether all are finite is looked up in passing.
void check_finite(const ByteStream::Kept& kept, std::size_t values, const ByteStream& stream) {
    std::vector<float> buffer(std::min(at_a_time, values));
    for (std::size_t first = 0; first < values; first += at_a_time) {
        const std::size_t count = std::min(at_a_time, values - first);
        const std::uint64_t begin = std::uint64_t{first} * sizeof(float);
        kept.bytes->read(kept.offset + begin,
                         std::as_writable_bytes(std::span(buffer).first(count)));
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t place = stream.position() - std::uint64_t{values} * sizeof(float) +
                                        begin + i * sizeof(float);
            static_cast<void>(checked(static_cast<double>(buffer[i]), 1.0, place, stream));
        }
    }
}

/// Values that are turned into float32 one by one.
Samples convert(ByteStream& stream, const NpyHeader& header, const Extents& extents, double scale) {
    OwnedBlock block(extents.features, extents.samples);
    const std::span<float> into = block.view().values();
    const std::uint64_t begin = stream.position();
    for_each_piece(
        stream, header, into.size(), [&](std::size_t first, std::span<const std::byte> bytes) {
            for (std::size_t i = 0; i < bytes.size() / header.item_bytes; ++i) {
                into[first + i] = checked(value_at(header.type, bytes, i), scale,
                                          begin + (first + i) * header.item_bytes, stream);
            }
        });
    return Samples(std::move(block));
}

/// Code points of 32 bits, filled up with zeros, as UTF-8.
std::string to_utf8(std::span<const std::byte> item, std::uint64_t place,
                    const ByteStream& stream) {
    std::string text;
    for (std::size_t i = 0; i < item.size() / 4; ++i) {
        const auto point = number_at<std::uint32_t>(item, i);
        const auto add = [&](std::uint32_t bits) { text += static_cast<char>(bits); };
        const auto tail = [&](unsigned shift) { add(0x80U | ((point >> shift) & 0x3fU)); };
        if (point == 0) {
            break;
        }
        if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
            stream.fail_at(place + 4 * i, fmt::format("{:#x} is no character", point));
        }
        if (point < 0x80) {
            add(point);
        } else if (point < 0x800) {
            add(0xc0U | (point >> 6U));
            tail(0);
        } else if (point < 0x10000) {
            add(0xe0U | (point >> 12U));
            tail(6);
            tail(0);
        } else {
            add(0xf0U | (point >> 18U));
            tail(12);
            tail(6);
            tail(0);
        }
    }
    return text;
}

std::string to_text(const NpyHeader& header, std::span<const std::byte> item, std::uint64_t place,
                    const ByteStream& stream) {
    std::string text;
    if (header.type == Type::text) {
        text = to_utf8(item, place, stream);
    } else {
        for (const std::byte byte : item) {
            text += std::to_integer<char>(byte);
        }
        text.resize(std::min(text.find('\0'), text.size()));
        const bool ascii =
            std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
        if (!ascii) {
            stream.fail_at(place, "the text has bytes beyond ASCII; save texts of type str");
        }
    }
    if (text.empty()) {
        stream.fail_at(place, "the text is empty; the name of a class is needed");
    }
    return text;
}

bool is_text(const NpyHeader& header) {
    return header.type == Type::text || header.type == Type::bytes;
}

/// One of the arrays that a run names.
struct Source {
    std::string name; ///< for messages
    std::function<std::unique_ptr<ByteStream>()> open;
};

Labelled read_pair(const Source& inputs, const Source& labels, std::optional<double> scale) {
    return {.inputs = read_npy_samples(*inputs.open(), scale),
            .inputs_from = inputs.name,
            .labels = read_npy_labels(*labels.open()),
            .labels_from = labels.name};
}

/// The arrays of an .npz file, by name.
class Arrays {
  public:
    Arrays(const DataFile& content, std::string file)
        : archive_(content, file), file_(std::move(file)) {}

    [[nodiscard]] bool has(const std::string& array) const { return archive_.has(array + ".npy"); }
    [[nodiscard]] Source find(const std::string& array, const char* field) const {
        if (!has(array)) {
            std::vector<std::string> names = archive_.entries();
            for (std::string& name : names) {
                name = name.ends_with(".npy") ? name.substr(0, name.size() - 4) : name;
            }
            const std::string what =
                fmt::format("{} has no array \"{}\"; it has: {}", file_, array,
                            names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
            throw Error(Code::not_found, what,
                        {FieldViolation{.field = field, .description = what}});
        }
        return {fmt::format("{} ({}.npy)", file_, array),
                [this, entry = array + ".npy"] { return archive_.open(entry); }};
    }

  private:
    ZipArchive archive_;
    std::string file_;
};

std::optional<double> scale_of(const phyll::v1::DataSpec& spec) {
    return spec.has_scale() ? std::optional(spec.scale()) : std::nullopt;
}

SplitData load_npz(const phyll::v1::DataSpec& spec, std::uint64_t seed, const DataFile& content) {
    const auto name = [](const std::string& given, const char* usual) {
        return given.empty() ? std::string(usual) : given;
    };
    const Arrays arrays(content, spec.file());
    const std::string x_test = name(spec.x_test(), "x_test");
    const std::string y_test = name(spec.y_test(), "y_test");
    const Source x = arrays.find(name(spec.x(), "x"), "data.x");
    const Source y = arrays.find(name(spec.y(), "y"), "data.y");
    const Labelled training = read_pair(x, y, scale_of(spec));
    std::optional<Labelled> test;
    if (!spec.x_test().empty() || !spec.y_test().empty() || arrays.has(x_test) ||
        arrays.has(y_test)) {
        const Source inputs = arrays.find(x_test, "data.x_test");
        const Source labels = arrays.find(y_test, "data.y_test");
        test = read_pair(inputs, labels, scale_of(spec));
    }
    return assemble(spec, seed, training, test);
}

/// Which of the keys of kind numpy belong to which file is only known when the file is seen.
void refuse_given(std::initializer_list<std::pair<const char*, std::string>> keys,
                  const std::string& reason) {
    for (const auto& [field, value] : keys) {
        if (!value.empty()) {
            throw invalid_field(field, reason);
        }
    }
}

Source npy_file(const std::string& path, const char* field, const FileReader& read) {
    if (path.empty()) {
        throw invalid_field(field, "needed for data of kind numpy without an .npz file: the path "
                                   "of an .npy file");
    }
    return {path, [path, &read]() -> std::unique_ptr<ByteStream> {
                return open_stream(read(path), path);
            }};
}

SplitData load_npy(const phyll::v1::DataSpec& spec, std::uint64_t seed, const FileReader& read) {
    refuse_given({{"data.x", spec.x()},
                  {"data.y", spec.y()},
                  {"data.x_test", spec.x_test()},
                  {"data.y_test", spec.y_test()}},
                 fmt::format("means nothing for {}, an .npy file: it names an array of an .npz "
                             "file. Other files are named by data.label_file, data.test_file and "
                             "data.test_label_file",
                             spec.file()));
    const Source x = npy_file(spec.file(), "data.file", read);
    const Source y = npy_file(spec.label_file(), "data.label_file", read);
    const Labelled training = read_pair(x, y, scale_of(spec));
    std::optional<Labelled> test;
    if (!spec.test_file().empty() || !spec.test_label_file().empty()) {
        const Source inputs = npy_file(spec.test_file(), "data.test_file", read);
        const Source labels = npy_file(spec.test_label_file(), "data.test_label_file", read);
        test = read_pair(inputs, labels, scale_of(spec));
    }
    return assemble(spec, seed, training, test);
}

bool is_zip(const DataFile& content) {
    constexpr std::string_view magic = "PK";
    std::array<std::byte, magic.size()> first{};
    if (content.size() >= first.size()) {
        content.bytes()->read(0, first);
    }
    return std::memcmp(first.data(), magic.data(), magic.size()) == 0;
}

Samples read_values(ByteStream& stream, const NpyHeader& header, std::optional<double> scale) {
    if (is_text(header)) {
        stream.fail("the values are texts; features are numbers");
    }
    if (header.shape.size() < 2) {
        stream.fail(
            fmt::format("the array has {} dimension{}; features have at least two, samples x "
                        "features",
                        header.shape.size(), header.shape.size() == 1 ? "" : "s"));
    }
    const Extents extents =
        extents_of(header.shape, fmt::format("{}, byte {}", stream.name(), stream.position()));
    const std::uint64_t bytes = expect_values(stream, header);
    if (header.type == Type::u1) {
        const auto [kept, offset] = stream.keep(bytes, values_of_array);
        stream.end();
        return {kept,
                offset,
                {.kind = StorageFormat::Kind::u8, .scale = scale.value_or(1.0 / 255.0)},
                extents.features,
                extents.samples};
    }
    if (header.type == Type::f4 && !scale) {
        const ByteStream::Kept kept = stream.keep(bytes, values_of_array);
        check_finite(kept, extents.samples * extents.features, stream);
        stream.end();
        return {kept.bytes, kept.offset, {}, extents.features, extents.samples};
    }
    Samples samples = convert(stream, header, extents, scale.value_or(1.0));
    stream.end();
    return samples;
}

} // namespace

Samples read_npy_samples(ByteStream& stream, std::optional<double> scale) {
    const NpyHeader header = read_npy_header(stream);
    Samples samples = read_values(stream, header, scale);
    if (header.shape.size() == 3) {
        samples.set_image(image_of(header.shape));
    }
    return samples;
}

RawLabels read_npy_labels(ByteStream& stream) {
    const NpyHeader header = read_npy_header(stream);
    const std::uint64_t begin = stream.position();
    const bool is_column = header.shape.size() == 2 && header.shape[1] == 1;
    if (header.shape.size() != 1 && !is_column) {
        stream.fail(fmt::format("the shape is {}; classes have the shape n or n x 1",
                                fmt::join(header.shape, " x ")));
    }
    if (header.type == Type::f4 || header.type == Type::f8) {
        stream.fail("the values are floating-point numbers; classes are integers or texts");
    }
    const std::size_t count =
        extents_of(header.shape, fmt::format("{}, byte {}", stream.name(), begin)).samples;
    static_cast<void>(expect_values(stream, header));
    std::vector<std::int64_t> numbers;
    std::vector<std::string> texts;
    for_each_piece(stream, header, count, [&](std::size_t first, std::span<const std::byte> bytes) {
        for (std::size_t i = 0; i < bytes.size() / header.item_bytes; ++i) {
            if (is_text(header)) {
                texts.push_back(to_text(header,
                                        bytes.subspan(i * header.item_bytes, header.item_bytes),
                                        begin + (first + i) * header.item_bytes, stream));
            } else {
                numbers.push_back(integer_at(header.type, bytes, i));
            }
        }
    });
    stream.end();
    return is_text(header) ? RawLabels(std::move(texts)) : RawLabels(std::move(numbers));
}

SplitData load_numpy(const phyll::v1::DataSpec& spec, std::uint64_t seed, const FileReader& read) {
    if (spec.file().empty()) {
        throw invalid_field("data.file", "needed for data of kind numpy: the path of an .npz file, "
                                         "or of an .npy file with the features");
    }
    const DataFile content = read(spec.file());
    if (!spec.file().ends_with(".npz") && !is_zip(content)) {
        return load_npy(spec, seed, read);
    }
    refuse_given({{"data.label_file", spec.label_file()},
                  {"data.test_file", spec.test_file()},
                  {"data.test_label_file", spec.test_label_file()}},
                 fmt::format("means nothing for {}, an .npz file: it belongs to .npy files. Arrays "
                             "are named by data.x, data.y, data.x_test and data.y_test",
                             spec.file()));
    return load_npz(spec, seed, content);
}

} // namespace phyll::training
