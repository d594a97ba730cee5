#include "drivers/core/readers/npy_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace phyll {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
/// What numpy itself reads without being asked to trust the file.
constexpr std::size_t longest_header = 10'000;

/// Reads the header's text, a literal of a Python dict: {'descr': '<f8', 'fortran_order': False,
/// 'shape': (3, 4), }. Keys in any order.
class HeaderText {
  public:
    HeaderText(std::string_view text, std::uint64_t begin, const ByteStream& stream)
        : text_(text), begin_(begin), stream_(stream) {}

    struct Content {
        std::optional<std::string> descr;
        std::uint64_t descr_place = 0;
        std::optional<bool> fortran;
        std::uint64_t fortran_place = 0;
        std::optional<std::vector<std::uint64_t>> shape;
    };

    Content parse() {
        Content content;
        take('{');
        while (!take_if('}')) {
            const std::uint64_t place = here();
            const std::string key = text();
            take(':');
            if (key == "descr" && !content.descr) {
                content.descr_place = here();
                content.descr = descr();
            } else if (key == "fortran_order" && !content.fortran) {
                content.fortran_place = here();
                content.fortran = truth();
            } else if (key == "shape" && !content.shape) {
                content.shape = tuple();
            } else {
                stream_.fail_at(place, fmt::format("its header has the key \"{}\"; keys are descr, "
                                                   "fortran_order and shape, each once",
                                                   key));
            }
            if (!take_if(',')) {
                take('}');
                break;
            }
        }
        skip_blanks();
        if (at_ != text_.size()) {
            fail("its header goes on after the end");
        }
        if (!content.descr || !content.fortran || !content.shape) {
            stream_.fail_at(begin_, "its header lacks one of descr, fortran_order and shape");
        }
        return content;
    }

  private:
    [[nodiscard]] std::uint64_t here() {
        skip_blanks();
        return begin_ + at_;
    }
    [[noreturn]] void fail(std::string_view reason) const { stream_.fail_at(begin_ + at_, reason); }

    void skip_blanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) {
            ++at_;
        }
    }
    bool take_if(char wanted) {
        skip_blanks();
        const bool is_there = at_ < text_.size() && text_[at_] == wanted;
        at_ += is_there ? 1 : 0;
        return is_there;
    }
    void take(char wanted) {
        if (!take_if(wanted)) {
            fail(fmt::format("'{}' is missing in its header", wanted));
        }
    }
    bool take_word(std::string_view word) {
        skip_blanks();
        const bool is_there = text_.substr(at_).starts_with(word);
        at_ += is_there ? word.size() : 0;
        return is_there;
    }

    std::string text() {
        const char quote = take_if('"') ? '"' : (take('\''), '\'');
        const std::size_t end = text_.find(quote, at_);
        if (end == std::string_view::npos) {
            fail("a text in its header does not end");
        }
        const std::string_view found = text_.substr(at_, end - at_);
        at_ = end + 1;
        return std::string(found);
    }

    std::string descr() {
        skip_blanks();
        if (at_ < text_.size() && text_[at_] == '[') {
            fail("the values are structures; arrays of numbers or texts are taken");
        }
        return text();
    }

    bool truth() {
        if (take_word("True")) {
            return true;
        }
        if (!take_word("False")) {
            fail("True or False is missing in its header");
        }
        return false;
    }

    std::vector<std::uint64_t> tuple() {
        std::vector<std::uint64_t> extents;
        take('(');
        while (!take_if(')')) {
            extents.push_back(number());
            take_if('L'); // Python 2
            if (!take_if(',')) {
                take(')');
                break;
            }
        }
        return extents;
    }

    std::uint64_t number() {
        skip_blanks();
        std::uint64_t value = 0;
        const char* first = text_.data() + at_;
        const auto [stop, error] = std::from_chars(first, text_.data() + text_.size(), value);
        if (error != std::errc{}) {
            fail("an extent of the shape in its header is no number of 64 bits");
        }
        at_ += static_cast<std::size_t>(stop - first);
        return value;
    }

    std::string_view text_;
    std::uint64_t begin_;
    const ByteStream& stream_;
    std::size_t at_ = 0;
};

std::size_t read_header_size(ByteStream& stream) {
    std::array<std::byte, 8> start{};
    stream.read(start, "its first eight bytes");
    for (std::size_t i = 0; i < magic.size(); ++i) {
        if (std::to_integer<unsigned char>(start[i]) != static_cast<unsigned char>(magic[i])) {
            stream.fail_at(0, "it does not begin as an .npy file does, with \\x93NUMPY");
        }
    }
    const auto version = std::to_integer<unsigned>(start[6]);
    if (version < 1 || version > 3) {
        stream.fail_at(6, fmt::format("its format version is {}; 1 to 3 are known", version));
    }
    std::array<std::byte, 4> size{};
    stream.read(std::span(size).first(version == 1 ? 2 : 4), "the size of its header");
    std::size_t bytes = 0;
    for (std::size_t i = size.size(); i > 0; --i) {
        bytes = bytes << 8U | std::to_integer<std::size_t>(size[i - 1]);
    }
    if (bytes > longest_header) {
        stream.fail_at(
            8, fmt::format("its header has {} bytes; at most {} are read", bytes, longest_header));
    }
    return bytes;
}

struct Item {
    NpyHeader::Type type;
    std::size_t bytes;
};

/// Of texts: how many characters. Nothing for what is no such number.
std::optional<std::size_t> length_of(std::string_view digits) {
    std::size_t length = 0;
    const char* begin = digits.data();
    const char* end = begin + digits.size();
    const auto [stop, error] = std::from_chars(begin, end, length);
    constexpr std::size_t longest = 4096;
    const bool usable = error == std::errc{} && stop == end && length >= 1 && length <= longest;
    return usable ? std::optional(length) : std::nullopt;
}

std::optional<Item> item_of(std::string_view descr) {
    using Type = NpyHeader::Type;
    static constexpr std::array<std::pair<std::string_view, Item>, 9> numbers{{
        {"|u1", {Type::u1, 1}},
        {"<u1", {Type::u1, 1}},
        {"|i1", {Type::i1, 1}},
        {"<i1", {Type::i1, 1}},
        {"<i2", {Type::i2, 2}},
        {"<i4", {Type::i4, 4}},
        {"<i8", {Type::i8, 8}},
        {"<f4", {Type::f4, 4}},
        {"<f8", {Type::f8, 8}},
    }};
    for (const auto& [name, item] : numbers) {
        if (name == descr) {
            return item;
        }
    }
    if (descr.starts_with("<U") || descr.starts_with("|S")) {
        if (const auto length = length_of(descr.substr(2))) {
            return descr[1] == 'U' ? Item{Type::text, 4 * *length} : Item{Type::bytes, *length};
        }
    }
    return std::nullopt;
}

std::string refusal(std::string_view descr) {
    const std::string_view what = descr.starts_with("|O")   ? " (Python objects)"
                                  : descr.starts_with(">")  ? " (big-endian)"
                                  : descr.starts_with("|b") ? " (truth values)"
                                                            : "";
    return fmt::format("the values are '{}'{}; taken are u1, i1, i2, i4, i8, f4 and f8, "
                       "little-endian, and texts of up to 4096 characters: convert them with "
                       ".astype",
                       descr, what);
}

} // namespace

std::uint64_t NpyHeader::values() const {
    std::uint64_t count = 1;
    for (const std::uint64_t extent : shape) {
        const bool overflows = extent != 0 && count > UINT64_MAX / extent;
        count = overflows ? UINT64_MAX : count * extent;
    }
    return count;
}

NpyHeader read_npy_header(ByteStream& stream) {
    const std::size_t bytes = read_header_size(stream);
    const std::uint64_t begin = stream.position();
    std::string text(bytes, '\0');
    stream.read(std::as_writable_bytes(std::span(text)), "its header");
    const HeaderText::Content content = HeaderText(text, begin, stream).parse();
    const std::optional<Item> item = item_of(*content.descr);
    if (!item) {
        stream.fail_at(content.descr_place, refusal(*content.descr));
    }
    if (*content.fortran) {
        stream.fail_at(content.fortran_place, "the array is in Fortran order; save "
                                              "numpy.ascontiguousarray(array) instead");
    }
    return {.type = item->type, .item_bytes = item->bytes, .shape = *content.shape};
}

std::string write_npy_header(std::string_view type, std::span<const std::uint64_t> shape,
                             std::size_t bytes) {
    constexpr std::size_t alignment = 64;
    const std::string text =
        fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", type,
                    fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
    const std::size_t before = magic.size() + 4; // version and length
    const std::size_t least = std::max(before + text.size() + 1, bytes);
    const std::size_t size = (least + alignment - 1) / alignment * alignment;
    std::string header(magic);
    header += {'\x01', '\x00', static_cast<char>((size - before) & 0xFFU),
               static_cast<char>((size - before) >> 8U)};
    header += text;
    header.append(size - 1 - header.size(), ' ');
    header.push_back('\n');
    return header;
}

} // namespace phyll
