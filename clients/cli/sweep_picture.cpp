#include "sweep_picture.hpp"

#include "drivers/core/error.hpp"

#include <cairo.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
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
/// Below it is noise, and 0 has no logarithm.
constexpr double lowest_db = -120.0;

struct Curve {
    const char* name;
    std::array<double, 3> colour; ///< tells apart in grey, too, with its dashes
    std::array<double, 2> dashes;
    const google::protobuf::RepeatedField<float>* values;

    [[nodiscard]] double db(int k) const {
        const double amplitude =
            std::abs(std::complex<double>(values->at(2 * k), values->at(2 * k + 1)));
        return amplitude > 0 ? std::max(20 * std::log10(amplitude), lowest_db) : lowest_db;
    }
};

std::array<Curve, 4> curves_of(const v1::SweepSnapshot& sweep) {
    return {Curve{"S21", {0.00, 0.27, 0.55}, {0, 0}, &sweep.s21()},
            Curve{"S12", {0.90, 0.60, 0.00}, {3, 5}, &sweep.s12()},
            Curve{"S11", {0.80, 0.25, 0.33}, {12, 4}, &sweep.s11()},
            Curve{"S22", {0.35, 0.62, 0.38}, {6, 3}, &sweep.s22()}};
}

/// Ends of a scale in dB that holds all curves, at multiples of 10.
std::pair<double, double> scale_of(const std::array<Curve, 4>& curves, int points) {
    double least = 0.0;
    double most = lowest_db;
    for (const Curve& curve : curves) {
        for (int k = 0; k < points; ++k) {
            least = std::min(least, curve.db(k));
            most = std::max(most, curve.db(k));
        }
    }
    least = 10 * std::floor(least / 10);
    return {least, std::max(10 * std::ceil(most / 10), least + 10)};
}

class Picture {
  public:
    explicit Picture(const v1::SweepSnapshot& sweep)
        : sweep_(sweep), curves_(curves_of(sweep)), points_(sweep.frequencies_size()) {
        std::tie(least_, most_) = scale_of(curves_, points_);
        cairo_set_source_rgb(cairo(), 1, 1, 1);
        cairo_paint(cairo());
        cairo_select_font_face(cairo(), "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                               CAIRO_FONT_WEIGHT_NORMAL);
        cairo_set_font_size(cairo(), 16);
    }

    void draw(const std::string& title) {
        text(left, top - 30, title, 0);
        draw_grid();
        for (std::size_t i = 0; i < curves_.size(); ++i) {
            draw_curve(curves_[i]);
            draw_name(i);
        }
        text((left + right) / 2, height - 20, "frequency in GHz", 0.5);
        text(10, top - 8, "dB", 0);
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

    [[nodiscard]] double x_of(double hertz) const {
        const double first = sweep_.frequencies(0);
        const double last = sweep_.frequencies(points_ - 1);
        return left + (right - left) * (hertz - first) / (last - first);
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
            const double hertz =
                sweep_.frequencies(0) +
                i * (sweep_.frequencies(points_ - 1) - sweep_.frequencies(0)) / columns;
            light();
            line(x_of(hertz), top, x_of(hertz), bottom);
            text(x_of(hertz), bottom + 24, fmt::format("{:.6g}", hertz / 1e9), 0.5);
        }
    }

    void use(const Curve& curve) {
        cairo_set_source_rgb(cairo(), curve.colour[0], curve.colour[1], curve.colour[2]);
        cairo_set_line_width(cairo(), 2);
        cairo_set_dash(cairo(), curve.dashes.data(), curve.dashes[0] > 0 ? 2 : 0, 0);
    }

    void draw_curve(const Curve& curve) {
        use(curve);
        cairo_new_path(cairo()); // writing has left a point
        for (int k = 0; k < points_; ++k) {
            cairo_line_to(cairo(), x_of(sweep_.frequencies(k)), y_of(curve.db(k)));
        }
        cairo_stroke(cairo());
        cairo_set_dash(cairo(), nullptr, 0, 0);
    }

    void draw_name(std::size_t i) {
        const double x = right - 400 + 100 * static_cast<double>(i);
        use(curves_[i]);
        line(x, top - 35, x + 40, top - 35);
        cairo_set_dash(cairo(), nullptr, 0, 0);
        text(x + 46, top - 30, curves_[i].name, 0);
    }

    struct Destroy {
        void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
        void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
    };

    const v1::SweepSnapshot& sweep_;
    std::array<Curve, 4> curves_;
    int points_;
    double least_ = 0.0;
    double most_ = 0.0;
    std::unique_ptr<cairo_surface_t, Destroy> surface_{
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)};
    std::unique_ptr<cairo_t, Destroy> cairo_{cairo_create(surface_.get())};
};

} // namespace

std::vector<std::byte> picture_of(const v1::SweepSnapshot& sweep, const std::string& title) {
    if (sweep.frequencies_size() < 2) {
        throw invalid_field("sweep",
                            fmt::format("{} points; valid is 2 or more", sweep.frequencies_size()));
    }
    Picture picture(sweep);
    picture.draw(title);
    return picture.png();
}

} // namespace phyll::cli
