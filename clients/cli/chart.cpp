#include "chart.hpp"

#include "drivers/core/error.hpp"

#include <cairo.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <tuple>
#include <utility>

namespace phyll::cli {
namespace {

constexpr int width = 1200;
constexpr int height = 700;
constexpr double left = 90;
constexpr double right = width - 30;
constexpr double top = 60;
constexpr double bottom = height - 80;
constexpr double name_width = 100;
/// How a curve is drawn: its colour tells it apart in grey, too, with its dashes.
struct Style {
    std::array<double, 3> colour;
    std::array<double, 2> dashes;
};
constexpr std::array<Style, 4> styles{{{{0.00, 0.27, 0.55}, {0, 0}},
                                       {{0.90, 0.60, 0.00}, {3, 5}},
                                       {{0.80, 0.25, 0.33}, {12, 4}},
                                       {{0.35, 0.62, 0.38}, {6, 3}}}};

/// Ends of a scale in dB that holds all curves, at multiples of 10.
std::pair<double, double> scale_of(const Chart& chart) {
    double least = std::numeric_limits<double>::infinity();
    double most = -least;
    for (const Chart::Curve& curve : chart.curves) {
        for (const double db : curve.db) {
            least = std::min(least, db);
            most = std::max(most, db);
        }
    }
    least = 10 * std::floor(least / 10);
    return {least, std::max(10 * std::ceil(most / 10), least + 10)};
}

class Picture {
  public:
    explicit Picture(const Chart& chart) : chart_(chart) {
        std::tie(least_, most_) = scale_of(chart);
        cairo_set_source_rgb(cairo(), 1, 1, 1);
        cairo_paint(cairo());
        cairo_select_font_face(cairo(), "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                               CAIRO_FONT_WEIGHT_NORMAL);
        cairo_set_font_size(cairo(), 16);
    }

    void draw() {
        text(left, top - 30, chart_.title, 0);
        draw_grid();
        for (std::size_t i = 0; i < chart_.curves.size(); ++i) {
            draw_curve(i);
            draw_name(i);
        }
        text((left + right) / 2, height - 20, chart_.x_label, 0.5);
        text(10, top - 8, chart_.y_label, 0);
    }

    [[nodiscard]] std::vector<std::byte> png() const {
        std::vector<std::byte> bytes;
        const auto append = [](void* into, const unsigned char* data, unsigned length) {
            const auto part = std::as_bytes(std::span(data, length));
            auto& all = *static_cast<std::vector<std::byte>*>(into);
            all.insert(all.end(), part.begin(), part.end());
            return CAIRO_STATUS_SUCCESS;
        };
        const cairo_status_t status =
            cairo_surface_write_to_png_stream(surface_.get(), append, &bytes);
        if (status != CAIRO_STATUS_SUCCESS) {
            throw Error(Code::internal, fmt::format("a picture cannot be made: {}",
                                                    cairo_status_to_string(status)));
        }
        return bytes;
    }

  private:
    [[nodiscard]] cairo_t* cairo() const { return cairo_.get(); }

    [[nodiscard]] double x_of(double x) const {
        const double first = chart_.x.front();
        return left + (right - left) * (x - first) / (chart_.x.back() - first);
    }
    [[nodiscard]] double y_of(double db) const {
        return bottom - (bottom - top) * (db - least_) / (most_ - least_);
    }

    /// `anchor`: 0 begins there, 1 ends there.
    void text(double x, double y, const std::string& words, double anchor) {
        cairo_text_extents_t extents{};
        cairo_text_extents(cairo(), words.c_str(), &extents);
        cairo_set_source_rgb(cairo(), 0.1, 0.1, 0.1);
        cairo_move_to(cairo(), x - anchor * extents.width, y);
        cairo_show_text(cairo(), words.c_str());
    }

    void line(double x1, double y1, double x2, double y2) {
        cairo_move_to(cairo(), x1, y1);
        cairo_line_to(cairo(), x2, y2);
        cairo_stroke(cairo());
    }

    void draw_grid() {
        constexpr int columns = 8;
        const auto light = [&] {
            cairo_set_source_rgb(cairo(), 0.82, 0.82, 0.82);
            cairo_set_line_width(cairo(), 1);
        };
        for (double db = least_; db <= most_; db += 10) {
            light();
            line(left, y_of(db), right, y_of(db));
            text(left - 10, y_of(db) + 5, fmt::format("{:.0f}", db), 1);
        }
        for (int i = 0; i <= columns; ++i) {
            const double x = chart_.x.front() + i * (chart_.x.back() - chart_.x.front()) / columns;
            light();
            line(x_of(x), top, x_of(x), bottom);
            text(x_of(x), bottom + 24, fmt::format("{:.6g}", x), 0.5);
        }
    }

    void use(std::size_t curve) {
        const Style& style = styles[curve % styles.size()];
        cairo_set_source_rgb(cairo(), style.colour[0], style.colour[1], style.colour[2]);
        cairo_set_line_width(cairo(), 2);
        cairo_set_dash(cairo(), style.dashes.data(), style.dashes[0] > 0 ? 2 : 0, 0);
    }

    void draw_curve(std::size_t curve) {
        use(curve);
        cairo_new_path(cairo()); // writing has left a point
        const std::vector<double>& db = chart_.curves[curve].db;
        for (std::size_t k = 0; k < db.size(); ++k) {
            cairo_line_to(cairo(), x_of(chart_.x[k]), y_of(db[k]));
        }
        cairo_stroke(cairo());
        cairo_set_dash(cairo(), nullptr, 0, 0);
    }

    void draw_name(std::size_t curve) {
        const double x = right - name_width * static_cast<double>(chart_.curves.size() - curve);
        use(curve);
        line(x, top - 35, x + 40, top - 35);
        cairo_set_dash(cairo(), nullptr, 0, 0);
        text(x + 46, top - 30, chart_.curves[curve].name, 0);
    }

    struct Destroy {
        void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
        void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
    };

    const Chart& chart_;
    double least_ = 0.0;
    double most_ = 0.0;
    std::unique_ptr<cairo_surface_t, Destroy> surface_{
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)};
    std::unique_ptr<cairo_t, Destroy> cairo_{cairo_create(surface_.get())};
};

} // namespace

std::vector<std::byte> png_of(const Chart& chart) {
    Picture picture(chart);
    picture.draw();
    return picture.png();
}

} // namespace phyll::cli
