#include "png_canvas.hpp"

#include "drivers/core/error.hpp"

#include <cairo.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>

namespace phyll::cli {
namespace {

using Colour = std::array<double, 3>;
/// In the order of Ink.
constexpr std::array<Colour, 8> colours{{{1.00, 1.00, 1.00},
                                         {0.10, 0.10, 0.10},
                                         {0.38, 0.38, 0.38},
                                         {0.86, 0.86, 0.86},
                                         {0.05, 0.28, 0.55},
                                         {0.76, 0.35, 0.00},
                                         {0.16, 0.50, 0.38},
                                         {0.48, 0.23, 0.56}}};

} // namespace

struct PngCanvas::Cairo {
    struct Destroy {
        void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
        void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
    };
    std::unique_ptr<cairo_surface_t, Destroy> surface;
    std::unique_ptr<cairo_t, Destroy> context;
};

PngCanvas::PngCanvas(double width, double height, double scale)
    : cairo_(std::make_unique<Cairo>()) {
    cairo_->surface.reset(cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                                     static_cast<int>(std::ceil(width * scale)),
                                                     static_cast<int>(std::ceil(height * scale))));
    cairo_->context.reset(cairo_create(cairo_->surface.get()));
    cairo_t* cairo = cairo_->context.get();
    cairo_scale(cairo, scale, scale);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
}

PngCanvas::~PngCanvas() = default;

void PngCanvas::use(Ink ink, double strength) {
    const Colour& colour = colours.at(static_cast<std::size_t>(ink));
    cairo_t* cairo = cairo_->context.get();
    cairo_set_source_rgba(cairo, colour[0], colour[1], colour[2], strength);
    cairo_new_path(cairo); // writing leaves a point
}

void PngCanvas::line(Point from, Point to, Ink ink) {
    use(ink);
    cairo_t* cairo = cairo_->context.get();
    cairo_set_line_width(cairo, 1);
    cairo_move_to(cairo, from.x, from.y);
    cairo_line_to(cairo, to.x, to.y);
    cairo_stroke(cairo);
}

void PngCanvas::curve(std::span<const Point> points, Ink ink) {
    use(ink);
    cairo_t* cairo = cairo_->context.get();
    cairo_set_line_width(cairo, 1.6);
    const std::span<const double> dashes = dashes_of(ink);
    cairo_set_dash(cairo, dashes.data(), static_cast<int>(dashes.size()), 0);
    for (const Point& point : points) {
        cairo_line_to(cairo, point.x, point.y);
    }
    cairo_stroke(cairo);
    cairo_set_dash(cairo, nullptr, 0, 0);
}

void PngCanvas::dot(Point at, Ink ink) {
    use(ink);
    cairo_arc(cairo_->context.get(), at.x, at.y, 2.5, 0, 2 * std::numbers::pi);
    cairo_fill(cairo_->context.get());
}

void PngCanvas::area(const Box& box, Ink ink, double strength) {
    use(ink, strength);
    cairo_rectangle(cairo_->context.get(), box.x, box.y, box.width, box.height);
    cairo_fill(cairo_->context.get());
}

void PngCanvas::text(Point at, std::string_view words, Anchor anchor, Ink ink, double size,
                     bool upright) {
    use(ink);
    cairo_t* cairo = cairo_->context.get();
    cairo_set_font_size(cairo, size);
    const std::string line(words);
    cairo_text_extents_t extents{};
    cairo_text_extents(cairo, line.c_str(), &extents);
    const double share = anchor == Anchor::begin ? 0.0 : anchor == Anchor::end ? 1.0 : 0.5;
    cairo_save(cairo);
    cairo_translate(cairo, at.x, at.y);
    if (upright) {
        cairo_rotate(cairo, -std::numbers::pi / 2);
    }
    cairo_move_to(cairo, -share * extents.x_advance, 0);
    cairo_show_text(cairo, line.c_str());
    cairo_restore(cairo);
}

std::vector<std::byte> PngCanvas::png() const {
    std::vector<std::byte> bytes;
    const auto append = [](void* into, const unsigned char* data, unsigned length) {
        const auto part = std::as_bytes(std::span(data, length));
        auto& all = *static_cast<std::vector<std::byte>*>(into);
        all.insert(all.end(), part.begin(), part.end());
        return CAIRO_STATUS_SUCCESS;
    };
    const cairo_status_t status =
        cairo_surface_write_to_png_stream(cairo_->surface.get(), append, &bytes);
    if (status != CAIRO_STATUS_SUCCESS) {
        throw Error(Code::internal,
                    fmt::format("a picture cannot be made: {}", cairo_status_to_string(status)));
    }
    return bytes;
}

} // namespace phyll::cli
