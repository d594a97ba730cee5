#include "stimulus_source.hpp"

#include "csv_file.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/byte_stream.hpp"
#include "drivers/core/readers/npy_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <poll.h>
#include <span>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace phyll::cli {
namespace {

using std::chrono::milliseconds;

/// A part of a block that is all there.
class WholeBlock final : public StimulusSource {
  public:
    explicit WholeBlock(OwnedBlock all) : all_(std::move(all)) {}

    std::optional<OwnedBlock> next(std::size_t most, milliseconds) override {
        if (over()) {
            return std::nullopt;
        }
        const std::size_t count = std::min(most, all_.samples() - given_);
        const ConstBlock part = std::as_const(all_).view().slice(given_, count);
        OwnedBlock out(part.channels(), count);
        std::ranges::copy(part.values(), out.view().data());
        given_ += count;
        return out;
    }
    std::size_t channels() const override { return all_.channels(); }
    bool over() const override { return given_ == all_.samples(); }
    std::optional<std::uint64_t> samples() const override { return all_.samples(); }

  private:
    OwnedBlock all_;
    std::size_t given_ = 0;
};

/// The bytes of a file on this machine.
class FileStream final : public ByteStream {
  public:
    explicit FileStream(const std::string& path) : ByteStream(path), file_(path, std::ios::binary) {
        if (!file_) {
            throw Error(Code::not_found, fmt::format("cannot read {}: {}", path,
                                                     std::generic_category().message(errno)));
        }
        size_ = std::filesystem::file_size(path);
    }
    std::uint64_t most() const override { return size_; }

  protected:
    std::size_t next(std::span<std::byte> into) override {
        file_.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(into.size()));
        return static_cast<std::size_t>(file_.gcount());
    }

  private:
    std::ifstream file_;
    std::uint64_t size_ = 0;
};

template <class Value>
void convert(std::span<const std::byte> bytes, double scale, std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        Value value{};
        std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
        out[i] = static_cast<float>(static_cast<double>(value) * scale);
    }
}

/// An array of samples x inputs, read as it is needed.
class ArrayFile final : public StimulusSource {
  public:
    ArrayFile(const std::string& path, const ArrayUse& use) : stream_(path), use_(use) {
        header_ = read_npy_header(stream_);
        inputs_ = channels_of(path);
        if (header_.type == NpyHeader::Type::text || header_.type == NpyHeader::Type::bytes) {
            throw Error(Code::invalid_argument,
                        fmt::format("{}: an array of texts; numbers are expected", path));
        }
        stream_.expect(header_.values() * header_.item_bytes, "its values");
    }

    std::optional<OwnedBlock> next(std::size_t most, milliseconds) override {
        if (over()) {
            return std::nullopt;
        }
        const auto count =
            static_cast<std::size_t>(std::min<std::uint64_t>(most, header_.shape[0] - given_));
        OwnedBlock out(inputs_, count);
        std::vector<std::byte> bytes(count * inputs_ * header_.item_bytes);
        stream_.read(bytes, "its values");
        convert_all(bytes, {out.view().data(), count * inputs_});
        given_ += count;
        return out;
    }
    std::size_t channels() const override { return inputs_; }
    bool over() const override { return given_ == header_.shape[0]; }
    std::optional<std::uint64_t> samples() const override { return header_.shape[0]; }

  private:
    [[nodiscard]] std::size_t channels_of(const std::string& path) const {
        const auto& shape = header_.shape;
        const bool fits =
            use_.channels ? shape.size() == 2 && shape[1] == *use_.channels : shape.size() >= 2;
        if (!fits) {
            throw Error(Code::invalid_argument,
                        fmt::format("{}: an array of shape ({}); one of samples x {}{} is expected",
                                    path, fmt::join(shape, ", "),
                                    use_.channels ? fmt::format("{} ", *use_.channels) : "",
                                    use_.what));
        }
        return static_cast<std::size_t>(
            std::accumulate(shape.begin() + 1, shape.end(), std::uint64_t{1}, std::multiplies<>()));
    }

    void convert_all(std::span<const std::byte> bytes, std::span<float> out) const {
        using Type = NpyHeader::Type;
        switch (header_.type) {
        case Type::u1:
            return convert<std::uint8_t>(bytes, use_.scale_of_bytes, out);
        case Type::i1:
            return convert<std::int8_t>(bytes, use_.scale, out);
        case Type::i2:
            return convert<std::int16_t>(bytes, use_.scale, out);
        case Type::i4:
            return convert<std::int32_t>(bytes, use_.scale, out);
        case Type::i8:
            return convert<std::int64_t>(bytes, use_.scale, out);
        case Type::f8:
            return convert<double>(bytes, use_.scale, out);
        default:
            return convert<float>(bytes, use_.scale, out);
        }
    }

    FileStream stream_;
    ArrayUse use_;
    std::size_t inputs_ = 0;
    NpyHeader header_;
    std::uint64_t given_ = 0;
};

/// Lines of CSV as they come on standard input.
class Lines final : public StimulusSource {
  public:
    Lines(const v1::LayerSpec& rig, Units units) : rig_(rig), units_(units) {}

    std::optional<OwnedBlock> next(std::size_t most, milliseconds wait) override {
        if (lines_ < most && !ended_) {
            read_more(wait);
        }
        if (first_ && lines_ > 0) {
            first_ = false;
            header_ = is_header(first_line()) ? take_lines(1) : "";
        }
        const std::string text = take_lines(most);
        return text.empty() ? std::nullopt
                            : std::optional(drives_of(parse_csv(header_ + text, "standard input"),
                                                      rig_, units_));
    }
    std::size_t channels() const override { return static_cast<std::size_t>(rig_.inputs_size()); }
    bool over() const override { return ended_ && lines_ == 0; }
    std::optional<std::uint64_t> samples() const override { return std::nullopt; }

  private:
    void read_more(milliseconds wait) {
        pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        if (::poll(&input, 1, static_cast<int>(wait.count())) <= 0) {
            return;
        }
        std::array<char, 65536> bytes{};
        const ssize_t size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
        if (size > 0) {
            const std::string_view part(bytes.data(), static_cast<std::size_t>(size));
            waiting_ += part;
            lines_ += static_cast<std::size_t>(std::ranges::count(part, '\n'));
        } else if (size == 0) {
            ended_ = true;
            if (!waiting_.empty() && !waiting_.ends_with('\n')) {
                waiting_ += '\n';
                ++lines_;
            }
        }
    }

    std::string first_line() const { return waiting_.substr(0, waiting_.find('\n') + 1); }

    /// Whether a line names inputs: as a second one below itself it would be no numbers.
    static bool is_header(const std::string& line) {
        try {
            return parse_csv(line + line, "standard input").samples() == 0;
        } catch (const Error&) {
            return true; // or a line that is wrong, which is found once there is another
        }
    }

    /// Whole lines that came, at most so many.
    std::string take_lines(std::size_t most) {
        const std::size_t count = std::min(lines_, most);
        std::size_t end = 0;
        for (std::size_t i = 0; i < count; ++i) {
            end = waiting_.find('\n', end) + 1;
        }
        lines_ -= count;
        std::string text = waiting_.substr(0, end);
        waiting_.erase(0, end);
        return text;
    }

    const v1::LayerSpec& rig_;
    Units units_;
    std::string header_;
    std::string waiting_;
    std::size_t lines_ = 0; ///< whole ones in `waiting_`
    bool first_ = true;
    bool ended_ = false;
};

} // namespace

std::unique_ptr<StimulusSource> open_stimuli(const std::string& path, const v1::LayerSpec& rig,
                                             Units units) {
    if (path == "-") {
        return std::make_unique<Lines>(rig, units);
    }
    if (path.ends_with(".npy")) {
        return open_array(path, {.channels = static_cast<std::size_t>(rig.inputs_size())});
    }
    return source_of(drives_of(read_csv(path), rig, units));
}

std::unique_ptr<StimulusSource> open_array(const std::string& path, const ArrayUse& use) {
    return std::make_unique<ArrayFile>(path, use);
}

std::unique_ptr<StimulusSource> source_of(OwnedBlock samples) {
    return std::make_unique<WholeBlock>(std::move(samples));
}

} // namespace phyll::cli
