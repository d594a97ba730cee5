#include "chart.hpp"

#include "output.hpp"
#include "png_canvas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ranges>
#include <utility>

namespace phyll::cli {
namespace {

constexpr double title_size = 12;
constexpr double label_size = 10;
/// Of curves with more points than can be told apart, the least and the largest of each few are
/// drawn.
constexpr std::size_t most_parts = 500;
constexpr double steps_strength = 0.18;
constexpr double legend_row = 13;
/// Of the sample of a curve beside its name, and of what is between two of them.
constexpr double sample_width = 24;
constexpr double legend_gap = 14;
/// Across, for the name of a mark.
constexpr double name_room = 12;

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

/// From one power of ten to another, in those powers.
Axis log_axis_for(Chart::Range range, int ticks) {
    const double least = std::floor(std::log10(range.least) + 1e-9);
    const double most = std::max(least + 1, std::ceil(std::log10(range.most) - 1e-9));
    return {least, most, std::max(1.0, std::ceil((most - least) / ticks))};
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
          plot_{box.x + 46, box.y + 38, box.width - 58, box.height - 76} {
        set_legend();
        const double more = legend_row * static_cast<double>(legend_.size() - 1);
        plot_.y += more;
        plot_.height -= more;
    }

    void draw() {
        canvas_.text({box_.x, box_.y + title_size}, chart_.title, Anchor::begin, Ink::text,
                     title_size);
        if (!measure()) {
            canvas_.text({plot_.x + plot_.width / 2, plot_.y + plot_.height / 2}, "no values",
                         Anchor::middle, Ink::muted, label_size);
            return;
        }
        draw_axes();
        draw_marks();
        for (std::size_t i = 0; i < chart_.curves.size(); ++i) {
            draw_curve(chart_.curves[i], ink_of(i));
        }
        draw_names();
    }

  private:
    /// As wide as it may be in the fonts that it is drawn in.
    static double width_of(const std::string& name) {
        return 0.56 * label_size * static_cast<double>(name.size());
    }

    /// Which curves' names are in which row above the plot.
    void set_legend() {
        double left = 0;
        legend_.emplace_back();
        for (std::size_t i = 0; i < chart_.curves.size(); ++i) {
            const std::string& name = chart_.curves[i].name;
            if (name.empty()) {
                continue;
            }
            const double wide = sample_width + 5 + width_of(name) + legend_gap;
            if (left + wide > plot_.width + legend_gap && left > 0) {
                legend_.emplace_back();
                left = 0;
            }
            legend_.back().push_back(i);
            left += wide;
        }
    }

    /// Whether there is anything to show.
    bool measure() {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        Chart::Range x{infinity, -infinity};
        Chart::Range y = chart_.log_y ? x : chart_.y_range.value_or(x);
        bool any = false;
        for (const Chart::Curve& curve : chart_.curves) {
            for (std::size_t k = 0; k < curve.x.size(); ++k) {
                if (!std::isfinite(curve.y[k])) {
                    continue;
                }
                any = true;
                x = {std::min(x.least, curve.x[k]), std::max(x.most, curve.x[k])};
                if (!chart_.log_y || curve.y[k] > 0) {
                    y = {std::min(y.least, curve.y[k]), std::max(y.most, curve.y[k])};
                }
            }
        }
        if (any) {
            const int y_ticks = std::clamp(static_cast<int>(plot_.height / 40), 3, 10);
            x_ = axis_for(x, std::clamp(static_cast<int>(plot_.width / 70), 3, 10), false);
            if (chart_.whole_x) {
                x_.step = std::max(1.0, x_.step);
            }
            y_ = !chart_.log_y      ? axis_for(y, y_ticks, true)
                 : y.least > y.most ? log_axis_for({0.1, 1.0}, y_ticks)
                                    : log_axis_for(y, y_ticks);
        }
        return any;
    }

    [[nodiscard]] double across(double x) const {
        return plot_.x + plot_.width * (x - x_.least) / (x_.most - x_.least);
    }
    [[nodiscard]] double down(double y) const {
        return down_axis(!chart_.log_y ? y : y > 0 ? std::log10(y) : y_.least);
    }
    /// Of a place on the axis, in what it counts.
    [[nodiscard]] double down_axis(double y) const {
        return plot_.bottom() - plot_.height * (y - y_.least) / (y_.most - y_.least);
    }
    [[nodiscard]] Point at(double x, double y) const { return {across(x), down(y)}; }

    /// In the digits that tell the ticks of an axis apart.
    static std::string tick(double value, const Axis& axis) {
        const double tidy = std::abs(value) < axis.step * 1e-9 ? 0.0 : value;
        if (axis.step >= 1 && tidy >= 1e4 && tidy < 1e15) {
            return count(static_cast<std::uint64_t>(std::llround(tidy)));
        }
        return fmt::format("{:.6g}", std::round(tidy / axis.step * 1e3) / 1e3 * axis.step);
    }

    void draw_axes() {
        for (double y = y_.least; y <= y_.most + y_.step * 1e-6; y += y_.step) {
            const double at_y = down_axis(y);
            canvas_.line({plot_.x, at_y}, {plot_.right(), at_y}, Ink::grid);
            canvas_.text({plot_.x - 6, at_y + 3.5},
                         chart_.log_y ? fmt::format("{:g}", std::pow(10.0, y)) : tick(y, y_),
                         Anchor::end, Ink::muted, label_size);
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

    /// A name stands to the left of its line, else to its right, else nowhere.
    void draw_marks() {
        double taken = plot_.x;
        for (const Chart::Mark& mark : chart_.marks) {
            if (mark.x < x_.least || mark.x > x_.most) {
                continue;
            }
            const double x = across(mark.x);
            canvas_.line({x, plot_.y}, {x, plot_.bottom()}, Ink::muted);
            const bool left = x - taken >= name_room;
            if (left || x >= taken) {
                canvas_.text({left ? x - 3 : x + label_size, plot_.y + 2}, mark.name, Anchor::end,
                             Ink::muted, label_size, true);
                taken = left ? x : x + name_room;
            }
        }
    }

    void draw_curve(const Chart::Curve& curve, Ink ink) {
        if (curve.steps) {
            draw_steps(curve, ink);
            return;
        }
        if (curve.dots) {
            draw_signs(curve, ink);
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

    /// A dot, a cross, an upright cross, a square.
    void draw_sign(Point at, Ink ink) {
        constexpr double r = 3;
        switch (ink) {
        case Ink::second:
            canvas_.line({at.x - r, at.y - r}, {at.x + r, at.y + r}, ink);
            canvas_.line({at.x - r, at.y + r}, {at.x + r, at.y - r}, ink);
            break;
        case Ink::third:
            canvas_.line({at.x - r, at.y}, {at.x + r, at.y}, ink);
            canvas_.line({at.x, at.y - r}, {at.x, at.y + r}, ink);
            break;
        case Ink::fourth:
            canvas_.area({at.x - r, at.y - r, 2 * r, 2 * r}, ink, 1.0);
            break;
        default:
            canvas_.dot(at, ink);
        }
    }

    void draw_signs(const Chart::Curve& curve, Ink ink) {
        for (std::size_t k = 0; k < curve.x.size(); ++k) {
            if (std::isfinite(curve.y[k])) {
                draw_sign(at(curve.x[k], curve.y[k]), ink);
            }
        }
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
            const double height = plot_.bottom() - down(curve.y[k]);
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
        for (std::size_t row = 0; row < legend_.size(); ++row) {
            const double y =
                plot_.y - 8 - legend_row * static_cast<double>(legend_.size() - 1 - row);
            double right = plot_.right();
            for (const std::size_t i : legend_[row] | std::views::reverse) {
                const std::string& name = chart_.curves[i].name;
                canvas_.text({right, y}, name, Anchor::end, Ink::muted, label_size);
                right -= width_of(name) + 5;
                draw_sample(chart_.curves[i], {right, y - 3.5}, ink_of(i));
                right -= sample_width + legend_gap;
            }
        }
    }

    /// What a curve looks like, up to `end`.
    void draw_sample(const Chart::Curve& curve, Point end, Ink ink) {
        if (curve.dots) {
            draw_sign({end.x - 4, end.y}, ink);
            return;
        }
        const std::vector<Point> sample{{end.x - sample_width, end.y}, end};
        canvas_.curve(sample, ink);
    }

    Canvas& canvas_;
    const Chart& chart_;
    Box box_;
    Box plot_;
    Axis x_;
    Axis y_;
    std::vector<std::vector<std::size_t>> legend_; ///< rows of curves; at least one row
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
