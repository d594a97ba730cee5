#include "chart.hpp"

#include "png_canvas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace phyll::cli {
namespace {

constexpr double title_size = 12;
constexpr double label_size = 10;
/// Of curves with more points than can be told apart, the least and the largest of each few are
/// drawn.
constexpr std::size_t most_parts = 500;
constexpr double steps_strength = 0.18;

using Anchor = Canvas::Anchor;

/// An axis from one tick to another.
struct Axis {
    double least = 0.0;
    double most = 1.0;
    double step = 0.5;
};

/// Steps of 1, 2 or 5 times a power of ten, about `ticks` of them.
double round_step(double span, int ticks) {
    const double raw = span / ticks;
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    const double lead = raw / power;
    return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

Axis axis_for(Chart::Range range, int ticks, bool to_ticks) {
    if (!(range.most > range.least)) { // a single value
        const double around = range.most == 0 ? 1.0 : std::abs(range.most) * 0.1;
        range = {range.least - around, range.most + around};
    }
    const double step = round_step(range.most - range.least, ticks);
    if (!to_ticks) {
        return {range.least, range.most, step};
    }
    return {step * std::floor(range.least / step + 1e-9),
            step * std::ceil(range.most / step - 1e-9), step};
}

class Drawing {
  public:
    Drawing(Canvas& canvas, const Chart& chart, const Box& box)
        : canvas_(canvas),
          chart_(chart),
          box_(box),
          plot_{box.x + 46, box.y + 38, box.width - 58, box.height - 76} {}

    void draw() {
        canvas_.text({box_.x, box_.y + title_size}, chart_.title, Anchor::begin, Ink::text,
                     title_size);
        if (!measure()) {
            canvas_.text({plot_.x + plot_.width / 2, plot_.y + plot_.height / 2}, "no values",
                         Anchor::middle, Ink::muted, label_size);
            return;
        }
        draw_axes();
        for (std::size_t i = 0; i < chart_.curves.size(); ++i) {
            draw_curve(chart_.curves[i], ink_of(i));
        }
        draw_names();
    }

  private:
    /// Whether there is anything to show.
    bool measure() {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        Chart::Range x{infinity, -infinity};
        Chart::Range y = chart_.y_range.value_or(x);
        bool any = false;
        for (const Chart::Curve& curve : chart_.curves) {
            for (std::size_t k = 0; k < curve.x.size(); ++k) {
                if (std::isfinite(curve.y[k])) {
                    any = true;
                    x = {std::min(x.least, curve.x[k]), std::max(x.most, curve.x[k])};
                    y = {std::min(y.least, curve.y[k]), std::max(y.most, curve.y[k])};
                }
            }
        }
        if (any) {
            x_ = axis_for(x, std::clamp(static_cast<int>(plot_.width / 70), 3, 10), false);
            y_ = axis_for(y, std::clamp(static_cast<int>(plot_.height / 40), 3, 10), true);
        }
        return any;
    }

    [[nodiscard]] double across(double x) const {
        return plot_.x + plot_.width * (x - x_.least) / (x_.most - x_.least);
    }
    [[nodiscard]] double down(double y) const {
        return plot_.bottom() - plot_.height * (y - y_.least) / (y_.most - y_.least);
    }
    [[nodiscard]] Point at(double x, double y) const { return {across(x), down(y)}; }

    /// In the digits that tell the ticks of an axis apart.
    static std::string tick(double value, const Axis& axis) {
        const double tidy = std::abs(value) < axis.step * 1e-9 ? 0.0 : value;
        return fmt::format("{:.6g}", std::round(tidy / axis.step * 1e3) / 1e3 * axis.step);
    }

    void draw_axes() {
        for (double y = y_.least; y <= y_.most + y_.step * 1e-6; y += y_.step) {
            canvas_.line({plot_.x, down(y)}, {plot_.right(), down(y)}, Ink::grid);
            canvas_.text({plot_.x - 6, down(y) + 3.5}, tick(y, y_), Anchor::end, Ink::muted,
                         label_size);
        }
        const double first = x_.step * std::ceil(x_.least / x_.step - 1e-9);
        for (double x = first; x <= x_.most + x_.step * 1e-6; x += x_.step) {
            canvas_.line({across(x), plot_.bottom()}, {across(x), plot_.bottom() + 4}, Ink::muted);
            canvas_.text({across(x), plot_.bottom() + 16}, tick(x, x_), Anchor::middle, Ink::muted,
                         label_size);
        }
        canvas_.line({plot_.x, plot_.bottom()}, {plot_.right(), plot_.bottom()}, Ink::muted);
        canvas_.text({plot_.x + plot_.width / 2, plot_.bottom() + 31}, chart_.x_label,
                     Anchor::middle, Ink::muted, label_size);
        canvas_.text({plot_.x - 36, plot_.y + plot_.height / 2}, chart_.y_label, Anchor::middle,
                     Ink::muted, label_size, true);
    }

    void draw_curve(const Chart::Curve& curve, Ink ink) {
        if (curve.steps) {
            draw_steps(curve, ink);
            return;
        }
        std::vector<Point> part;
        const std::size_t few = 1 + curve.x.size() / most_parts;
        for (std::size_t first = 0; first < curve.x.size(); first += few) {
            const auto [least, most] = extremes(curve, first, first + few);
            if (!std::isfinite(curve.y[least]) || !std::isfinite(curve.y[most])) {
                finish(part, ink);
                continue;
            }
            part.push_back(at(curve.x[least], curve.y[least]));
            if (most != least) {
                part.push_back(at(curve.x[most], curve.y[most]));
            }
        }
        finish(part, ink);
    }

    /// Where the least and the largest of a few values are, in their order.
    static std::pair<std::size_t, std::size_t> extremes(const Chart::Curve& curve,
                                                        std::size_t first, std::size_t last) {
        std::size_t least = first;
        std::size_t most = first;
        for (std::size_t k = first; k < std::min(last, curve.y.size()); ++k) {
            least = curve.y[k] < curve.y[least] || !std::isfinite(curve.y[k]) ? k : least;
            most = curve.y[k] > curve.y[most] ? k : most;
        }
        return std::minmax(least, most);
    }

    void finish(std::vector<Point>& part, Ink ink) {
        if (part.size() > 1) {
            canvas_.curve(part, ink);
        } else if (part.size() == 1) {
            canvas_.dot(part.front(), ink);
        }
        part.clear();
    }

    void draw_steps(const Chart::Curve& curve, Ink ink) {
        std::vector<Point> outline;
        for (std::size_t k = 0; k < curve.x.size(); ++k) {
            const double before = k == 0 ? curve.x[k] : (curve.x[k - 1] + curve.x[k]) / 2;
            const double after =
                k + 1 == curve.x.size() ? curve.x[k] : (curve.x[k] + curve.x[k + 1]) / 2;
            outline.push_back(at(before, curve.y[k]));
            outline.push_back(at(after, curve.y[k]));
            const double height = down(y_.least) - down(curve.y[k]);
            if (height > 0) {
                canvas_.area(
                    {across(before), down(curve.y[k]), across(after) - across(before), height}, ink,
                    steps_strength);
            }
        }
        finish(outline, ink);
    }

    /// Beside each other above the plot, from the right.
    void draw_names() {
        const double y = plot_.y - 8;
        double right = plot_.right();
        for (std::size_t i = chart_.curves.size(); i-- > 0;) {
            const std::string& name = chart_.curves[i].name;
            if (name.empty()) {
                continue;
            }
            canvas_.text({right, y}, name, Anchor::end, Ink::muted, label_size);
            right -= 0.56 * label_size * static_cast<double>(name.size()) + 5;
            const std::vector<Point> sample{{right - 24, y - 3.5}, {right, y - 3.5}};
            canvas_.curve(sample, ink_of(i));
            right -= 38;
        }
    }

    Canvas& canvas_;
    const Chart& chart_;
    Box box_;
    Box plot_;
    Axis x_;
    Axis y_;
};

} // namespace

void draw(Canvas& canvas, const Chart& chart, const Box& box) {
    Drawing(canvas, chart, box).draw();
}

std::vector<std::byte> png_of(const Chart& chart) {
    constexpr double width = 750;
    constexpr double height = 440;
    constexpr double margin = 12;
    PngCanvas canvas(width, height, 1.6);
    draw(canvas, chart, {margin, margin, width - 2 * margin, height - 2 * margin});
    return canvas.png();
}

} // namespace phyll::cli
