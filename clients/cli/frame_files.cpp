#include "frame_files.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/readers/npy_header.hpp"
#include "drivers/core/text.hpp"

#include <cairo.h>
#include <fmt/format.h>
#include <png.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace phyll::cli {
namespace {

constexpr std::size_t bytes_of_count = 2;

/// What libpng reads and writes, with all that it holds.
class Png {
  public:
    Png() { image_.version = PNG_IMAGE_VERSION; }
    Png(const Png&) = delete;
    Png& operator=(const Png&) = delete;
    ~Png() { png_image_free(&image_); }

    [[nodiscard]] png_image& image() noexcept { return image_; }
    [[nodiscard]] std::string problem() const { return static_cast<const char*>(image_.message); }

  private:
    png_image image_{};
};

std::size_t pixels_of(const v1::FrameSnapshot& frame) {
    const std::size_t pixels = std::size_t{frame.width()} * frame.height();
    if (pixels == 0 || frame.bits() < 1 || frame.bits() > 16 ||
        frame.counts().size() != bytes_of_count * pixels) {
        throw Error(Code::data_loss,
                    fmt::format("phylld sent {} bytes for a frame of {} x {} pixels of {} bits",
                                frame.counts().size(), frame.width(), frame.height(),
                                frame.bits()));
    }
    return pixels;
}

unsigned count_at(const v1::FrameSnapshot& frame, std::size_t pixel) {
    const auto byte = [&](std::size_t i) {
        return static_cast<unsigned>(static_cast<unsigned char>(frame.counts()[i]));
    };
    return byte(bytes_of_count * pixel) | (byte(bytes_of_count * pixel + 1) << 8U);
}

/// Every count as a `Value`, `scaled` first.
template <class Value, class Scale>
std::vector<Value> counts_of(const v1::FrameSnapshot& frame, Scale scaled) {
    std::vector<Value> values(pixels_of(frame));
    for (std::size_t k = 0; k < values.size(); ++k) {
        values[k] = static_cast<Value>(scaled(count_at(frame, k)));
    }
    return values;
}

/// `values` are of 8 or 16 bits, as `format` says.
std::vector<std::byte> encode(const v1::FrameSnapshot& frame, png_uint_32 format,
                              const void* values) {
    Png png;
    png.image().width = frame.width();
    png.image().height = frame.height();
    png.image().format = format;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png.image());
    std::vector<std::byte> bytes(size);
    if (png_image_write_to_memory(&png.image(), bytes.data(), &size, 0, values, 0, nullptr) == 0) {
        throw Error(Code::internal, fmt::format("no PNG could be made: {}", png.problem()));
    }
    bytes.resize(size);
    return bytes;
}

template <class Value>
std::vector<std::byte> npy(const v1::FrameSnapshot& frame, std::string_view type) {
    const std::string header =
        write_npy_header(type, std::array<std::uint64_t, 2>{frame.height(), frame.width()});
    const std::vector<Value> values = counts_of<Value>(frame, [](unsigned count) { return count; });
    const auto of_text = std::as_bytes(std::span(header));
    const auto of_values = std::as_bytes(std::span(values));
    std::vector<std::byte> bytes(of_text.begin(), of_text.end());
    bytes.insert(bytes.end(), of_values.begin(), of_values.end());
    return bytes;
}

Error unreadable(const std::filesystem::path& file, const std::string& why) {
    return invalid_field("pattern", fmt::format("{} cannot be read as a PNG file: {}",
                                                in_quotes(file.string()), why));
}

/// Throws INVALID_ARGUMENT for anything but grey of 8 bits: it would have to be converted, and a
/// level would not be the level that is meant.
void require_levels(const std::filesystem::path& file) {
    // The signature, then the chunk IHDR: length, name, width, height, bits, kind of colour.
    constexpr std::size_t bits = 24;
    constexpr std::size_t colour = 25;
    std::string head(colour + 1, '\0');
    std::ifstream in(file, std::ios::binary);
    if (!in.read(head.data(), static_cast<std::streamsize>(head.size())) ||
        !head.starts_with("\x89PNG\r\n\x1a\n")) {
        throw unreadable(file, "it does not begin as one");
    }
    if (head[bits] != 8 || head[colour] != PNG_COLOR_TYPE_GRAY) {
        throw invalid_field("pattern",
                            fmt::format("{} is no grey PNG file of 8 bits, whose levels could be "
                                        "shown as they are",
                                        in_quotes(file.string())));
    }
}

} // namespace

std::vector<std::byte> png_of(const v1::FrameSnapshot& frame) {
    static_cast<void>(pixels_of(frame));
    const unsigned full = (1U << frame.bits()) - 1;
    if (frame.bits() <= 8) {
        const auto values = counts_of<std::uint8_t>(
            frame, [&](unsigned count) { return (count * 255U + full / 2) / full; });
        return encode(frame, PNG_FORMAT_GRAY, values.data());
    }
    const auto values = counts_of<std::uint16_t>(
        frame, [&](unsigned count) { return (count * 65'535U + full / 2) / full; });
    return encode(frame, PNG_FORMAT_LINEAR_Y, values.data());
}

std::vector<std::byte> npy_of(const v1::FrameSnapshot& frame) {
    static_cast<void>(pixels_of(frame));
    return frame.bits() <= 8 ? npy<std::uint8_t>(frame, "|u1") : npy<std::uint16_t>(frame, "<u2");
}

v1::Picture read_picture(const std::filesystem::path& file) {
    if (!std::filesystem::exists(file)) {
        throw Error(Code::not_found, fmt::format("{} is not there", in_quotes(file.string())));
    }
    require_levels(file);
    // Not libpng: its simple interface has its own mind of what greys should look like.
    const std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> surface(
        cairo_image_surface_create_from_png(file.c_str()), cairo_surface_destroy);
    if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) {
        throw unreadable(file, cairo_status_to_string(cairo_surface_status(surface.get())));
    }
    const int width = cairo_image_surface_get_width(surface.get());
    const int height = cairo_image_surface_get_height(surface.get());
    const unsigned char* const pixels = cairo_image_surface_get_data(surface.get());
    const int stride = cairo_image_surface_get_stride(surface.get());
    v1::Picture picture;
    picture.set_width(static_cast<std::uint32_t>(width));
    picture.set_height(static_cast<std::uint32_t>(height));
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            constexpr int bytes_of_pixel = 4; // all its colours are the same
            picture.mutable_levels()->push_back(
                static_cast<char>(pixels[y * stride + x * bytes_of_pixel]));
        }
    }
    return picture;
}

} // namespace phyll::cli
